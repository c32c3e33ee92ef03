namespace Canal.Hosting;

/// <summary>How a part of the daemon is.</summary>
/// <param name="Detail">One line for the operator; may be empty.</param>
public readonly record struct HealthReport(bool Live, bool Ready, string Detail = "");
