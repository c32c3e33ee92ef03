namespace Canal.Core.Ipam;

/// <summary>What came of asking for one address.</summary>
/// <param name="Result">For programs.</param>
/// <param name="Assigned">The address, when it was assigned.</param>
/// <param name="Message">For people, when it was not.</param>
public sealed record SpecificOutcome(SpecificResult Result, AssignedAddress? Assigned, string Message);
