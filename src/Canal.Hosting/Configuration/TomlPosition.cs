namespace Canal.Hosting;

/// <summary>A place in a file, both counted from 1; a tab is one column.</summary>
internal readonly record struct TomlPosition(int Line, int Column);
