using Canal.Core.Labels;
using CsCheck;

namespace Canal.Core.Tests.Labels;

public sealed class RelationTests
{
    [Fact]
    public void Both_directions_agree_after_every_change() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 20].HashSet[0, 20]).List[1, 60].Sample(
            steps =>
            {
                var relation = new Relation();
                var expected = new Dictionary<int, int[]>();
                foreach ((int owner, HashSet<int> keys) in steps)
                {
                    expected[owner] = [.. keys];
                    relation.Set(owner, expected[owner]);
                    Check(relation, expected);
                }
            },
            iter: 100);

    private static void Check(Relation relation, Dictionary<int, int[]> expected)
    {
        foreach ((int owner, int[] keys) in expected)
            Assert.Equal(keys, relation[owner]);
        for (int key = 0; key <= 21; key++)
        {
            int[] owners = [.. expected.Where(pair => pair.Value.Contains(key)).Select(pair => pair.Key).Order()];
            Assert.Equal(owners, Owners(relation, key).Order());
            Assert.Equal(owners.Length, relation.Count(key));
        }
    }

    private static List<int> Owners(Relation relation, int key)
    {
        var owners = new List<int>();
        for (int slot = relation.First(key); slot >= 0; slot = relation.Next(slot))
            owners.Add(relation.Owner(slot));
        return owners;
    }
}
