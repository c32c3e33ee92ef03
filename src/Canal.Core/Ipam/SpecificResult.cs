namespace Canal.Core.Ipam;

/// <summary>What came of asking for one address.</summary>
public enum SpecificResult : byte
{
    Assigned,
    NotInPool,
    Taken,
    StrictAffinity,
    Configuration,
}
