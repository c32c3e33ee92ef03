using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>The entries under one <c>[header]</c>; the name is empty for those before the first header.</summary>
internal sealed record TomlSection(string Name, TomlPosition Position, bool IsArray, ImmutableArray<TomlEntry> Entries);
