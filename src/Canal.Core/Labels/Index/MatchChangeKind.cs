namespace Canal.Core.Labels;

/// <summary>Which way a match changed.</summary>
public enum MatchChangeKind : byte
{
    Started,
    Stopped,
}
