namespace Canal.BirdConfigRenderer.Bird;

/// <summary>One line of BIRD's answer: its code, which lines of a table share, and its text.</summary>
internal readonly record struct BirdLine(int Code, string Text);
