namespace Canal.Core.Resources;

/// <summary>What an orchestrator calls the node.</summary>
public readonly record struct OrchRef(string NodeName, string Orchestrator);
