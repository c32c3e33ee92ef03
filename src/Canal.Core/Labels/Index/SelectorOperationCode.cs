namespace Canal.Core.Labels;

internal enum SelectorOperationCode : byte
{
    True,
    Not,
    And,
    Or,

    /// <summary>This and all that follow test one label, and are false when it is absent.</summary>
    Present,
    Equal,
    In,
    Contains,
    StartsWith,
    EndsWith,
}
