using System.Diagnostics;

namespace Canal.Core.Labels;

/// <summary>A selector over interned labels, laid out flat: each operation is followed by its operands, and knows where they end.</summary>
internal sealed class SelectorProgram(SelectorOperation[] operations, int[] pairs, string[] literals)
{
    /// <summary>Pairs it holds in the interner.</summary>
    public ReadOnlySpan<int> Pairs => pairs;

    /// <summary>Names it mentions, with repetitions; each is held in the interner once.</summary>
    public IEnumerable<int> Names()
    {
        foreach (SelectorOperation operation in operations)
        {
            if (operation.Code >= SelectorOperationCode.Present)
                yield return operation.Name;
        }
    }

    public bool Matches(in LabelView labels) => Run(0, labels);

    private bool Run(int at, in LabelView labels)
    {
        ref readonly SelectorOperation operation = ref operations[at];
        switch (operation.Code)
        {
            case SelectorOperationCode.True:
                return true;
            case SelectorOperationCode.Not:
                return !Run(at + 1, labels);
            case SelectorOperationCode.And:
                return RunAll(at, operation.End, labels);
            case SelectorOperationCode.Or:
                return RunAny(at, operation.End, labels);
        }
        int pair = labels.Find(operation.Name);
        return pair >= 0 && Compare(operation, pair, labels);
    }

    private bool RunAll(int at, int end, in LabelView labels)
    {
        for (int operand = at + 1; operand < end; operand = operations[operand].End)
        {
            if (!Run(operand, labels))
                return false;
        }
        return true;
    }

    private bool RunAny(int at, int end, in LabelView labels)
    {
        for (int operand = at + 1; operand < end; operand = operations[operand].End)
        {
            if (Run(operand, labels))
                return true;
        }
        return false;
    }

    private bool Compare(in SelectorOperation operation, int pair, in LabelView labels) => operation.Code switch
    {
        SelectorOperationCode.Present => true,
        SelectorOperationCode.Equal => pair == pairs[operation.First],
        SelectorOperationCode.In => pairs.AsSpan(operation.First, operation.Count).BinarySearch(pair) >= 0,
        SelectorOperationCode.Contains => labels.ValueOf(pair).Contains(literals[operation.First], StringComparison.Ordinal),
        SelectorOperationCode.StartsWith => labels.ValueOf(pair).StartsWith(literals[operation.First], StringComparison.Ordinal),
        SelectorOperationCode.EndsWith => labels.ValueOf(pair).EndsWith(literals[operation.First], StringComparison.Ordinal),
        _ => throw new UnreachableException(),
    };
}
