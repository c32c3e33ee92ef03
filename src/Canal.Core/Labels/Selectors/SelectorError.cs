namespace Canal.Core.Labels;

/// <summary>Why a text is not a selector.</summary>
/// <param name="Offset">Where, in bytes of the UTF-8 text.</param>
/// <param name="Reason">What was wrong there, in words.</param>
/// <param name="Field">The field that held the text.</param>
public sealed record SelectorError(int Offset, string Reason, string Field = "selector")
{
    /// <summary>One sentence: field, place, reason.</summary>
    public override string ToString() => $"{Field}: at byte {Offset}: {Reason}";
}
