namespace Canal.Core.Resources;

/// <summary>Whether a pool serves requests that name no pool.</summary>
public enum AssignmentMode : byte
{
    Automatic,
    Manual,
}
