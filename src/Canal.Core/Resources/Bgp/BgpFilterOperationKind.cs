namespace Canal.Core.Resources;

/// <summary>What an accepting filter rule changes.</summary>
public enum BgpFilterOperationKind : byte
{
    AddCommunity,
    PrependAsPath,
    SetPriority,
}
