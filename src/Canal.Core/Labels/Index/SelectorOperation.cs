namespace Canal.Core.Labels;

/// <param name="Code">What to do.</param>
/// <param name="Name">The label's interned name, for codes from <see cref="SelectorOperationCode.Present"/> on.</param>
/// <param name="First">Its pair, the first of its pairs, or its literal.</param>
/// <param name="Count">How many pairs.</param>
/// <param name="End">Where the operation after its last operand begins.</param>
internal readonly record struct SelectorOperation(SelectorOperationCode Code, int Name, int First, int Count, int End);
