namespace Canal.Core.Labels;

internal enum SelectorTokenKind
{
    /// <summary>Only before the first token.</summary>
    Start,
    Label,
    String,
    Has,
    All,
    Global,
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    In,
    NotIn,
    Not,
    And,
    Or,
    OpenParenthesis,
    CloseParenthesis,
    OpenBrace,
    CloseBrace,
    Comma,
    End,
}
