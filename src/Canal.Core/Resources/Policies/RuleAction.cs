namespace Canal.Core.Resources;

/// <summary>What a rule does with a packet it matches.</summary>
public enum RuleAction : byte
{
    Allow,
    Deny,
    /// <summary>Log and go on with the next rule.</summary>
    Log,
    /// <summary>Go on with the next tier.</summary>
    Pass,
}
