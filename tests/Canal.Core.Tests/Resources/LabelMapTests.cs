using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class LabelMapTests
{
    [Fact]
    public void Entries_are_in_order_of_their_names_and_the_later_of_two_counts()
    {
        LabelMap map = LabelMap.Create(new("b", "1"), new("a", "2"), new("b", "3"));
        Assert.Equal("a=2,b=3", map.ToString());
    }

    [Fact]
    public void Maps_with_the_same_entries_are_equal()
    {
        LabelMap one = LabelMap.Create(new("b", "1"), new("a", "2"));
        LabelMap two = LabelMap.Empty.With("a", "2").With("b", "0").With("b", "1");
        Assert.Equal(one, two);
        Assert.Equal(one.GetHashCode(), two.GetHashCode());
        Assert.NotEqual(one, two.Without("a"));
    }

    [Fact]
    public void The_default_map_is_empty()
    {
        LabelMap map = default;
        Assert.True(map.IsEmpty);
        Assert.False(map.TryGetValue("a", out _));
        Assert.Null(map["a"]);
        Assert.Empty(map.ToArray());
    }
}
