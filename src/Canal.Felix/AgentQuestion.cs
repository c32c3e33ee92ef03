namespace Canal.Felix;

/// <summary>What the agent can be asked.</summary>
internal enum AgentQuestion
{
    /// <summary>How things are.</summary>
    Status,

    /// <summary>Every setting in force and where it comes from.</summary>
    Configuration,
}
