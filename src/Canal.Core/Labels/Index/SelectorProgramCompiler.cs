using System.Collections.Immutable;
using System.Diagnostics;

namespace Canal.Core.Labels;

/// <summary>Turns a selector's tree into a <see cref="SelectorProgram"/>, acquiring the names and pairs it mentions.</summary>
internal readonly struct SelectorProgramCompiler
{
    private readonly LabelInterner interner;
    private readonly List<SelectorOperation> operations = [];
    private readonly List<int> pairs = [];
    private readonly List<string> literals = [];

    private SelectorProgramCompiler(LabelInterner interner) => this.interner = interner;

    public static SelectorProgram Compile(SelectorNode root, LabelInterner interner)
    {
        var compiler = new SelectorProgramCompiler(interner);
        compiler.Add(root);
        return new SelectorProgram([.. compiler.operations], [.. compiler.pairs], [.. compiler.literals]);
    }

    /// <summary>Gives back what <see cref="Compile"/> acquired.</summary>
    public static void Release(SelectorProgram program, LabelInterner interner)
    {
        foreach (int pair in program.Pairs)
            interner.ReleasePair(pair);
        foreach (int name in program.Names())
            interner.ReleaseName(name);
    }

    private void Add(SelectorNode node)
    {
        switch (node)
        {
            case AllNode or GlobalNode:
                AddGroup(SelectorOperationCode.True, []);
                break;
            case NotNode not:
                AddGroup(SelectorOperationCode.Not, [not.Operand]);
                break;
            case AndNode and:
                AddGroup(SelectorOperationCode.And, and.Operands);
                break;
            case OrNode or:
                AddGroup(SelectorOperationCode.Or, or.Operands);
                break;
            case PresenceNode presence:
                AddTest(SelectorOperationCode.Present, presence.Label, 0, 0);
                break;
            case ComparisonNode comparison:
                AddComparison(comparison);
                break;
            case MembershipNode membership:
                AddMembership(membership);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void AddGroup(SelectorOperationCode code, ImmutableArray<SelectorNode> operands)
    {
        int at = operations.Count;
        operations.Add(default);
        foreach (SelectorNode operand in operands)
            Add(operand);
        operations[at] = new SelectorOperation(code, 0, 0, 0, operations.Count);
    }

    private void AddComparison(ComparisonNode comparison)
    {
        switch (comparison.Operator)
        {
            case ComparisonOperator.Equal:
                AddTest(SelectorOperationCode.Equal, comparison.Label, AddPairs(comparison.Label, [comparison.Value]), 1);
                break;
            case ComparisonOperator.NotEqual:
                AddGroup(SelectorOperationCode.Not, [new ComparisonNode(comparison.Label, ComparisonOperator.Equal, comparison.Value)]);
                break;
            case ComparisonOperator.Contains:
                AddLiteralTest(SelectorOperationCode.Contains, comparison);
                break;
            case ComparisonOperator.StartsWith:
                AddLiteralTest(SelectorOperationCode.StartsWith, comparison);
                break;
            case ComparisonOperator.EndsWith:
                AddLiteralTest(SelectorOperationCode.EndsWith, comparison);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void AddMembership(MembershipNode membership)
    {
        if (membership.Operator is MembershipOperator.NotIn)
            AddGroup(SelectorOperationCode.Not, [new MembershipNode(membership.Label, MembershipOperator.In, membership.Values)]);
        else
            AddTest(SelectorOperationCode.In, membership.Label, AddPairs(membership.Label, membership.Values), membership.Values.Length);
    }

    private void AddLiteralTest(SelectorOperationCode code, ComparisonNode comparison)
    {
        literals.Add(comparison.Value);
        AddTest(code, comparison.Label, literals.Count - 1, 0);
    }

    private void AddTest(SelectorOperationCode code, string label, int first, int count) =>
        operations.Add(new SelectorOperation(code, interner.AcquireName(label), first, count, operations.Count + 1));

    /// <summary>Adds the pairs in ascending order and returns where they begin.</summary>
    private int AddPairs(string label, ImmutableArray<string> values)
    {
        int first = pairs.Count;
        foreach (string value in values)
            pairs.Add(interner.AcquirePair(label, value));
        pairs.Sort(first, values.Length, null);
        return first;
    }
}
