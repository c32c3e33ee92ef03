namespace Canal.Ctl;

/// <summary>How a test went.</summary>
/// <param name="Test">The test.</param>
/// <param name="Detail">Because of which rule, for the last packet; what went wrong, when it failed.</param>
/// <param name="Passed">Every packet did what was expected.</param>
internal sealed record PolicyTestResult(PolicyTest Test, string Detail, bool Passed);
