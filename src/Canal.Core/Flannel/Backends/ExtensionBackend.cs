namespace Canal.Core.Flannel;

/// <summary>Commands of the operator carry the packets.</summary>
/// <param name="PreStartup">Run before the lease; what it prints is the lease's data. Empty for none.</param>
/// <param name="PostStartup">Run when there is a lease.</param>
/// <param name="SubnetAdd">Run for each peer that comes or changes.</param>
/// <param name="SubnetRemove">Run for each peer that goes.</param>
public sealed record ExtensionBackend(string PreStartup, string PostStartup, string SubnetAdd, string SubnetRemove) : FlannelBackend("extension")
{
    internal static ExtensionBackend Read(FlannelJson options) =>
        new(options.Text("PreStartupCommand"), options.Text("PostStartupCommand"), options.Text("SubnetAddCommand"), options.Text("SubnetRemoveCommand"));

    /// <summary>What a peer's lease says, as its command printed it.</summary>
    /// <exception cref="FlannelFormatException">It is no JSON string.</exception>
    public static string Text(string leaseData) =>
        leaseData.Length == 0 ? "" : FlannelJson.Parse(System.Text.Encoding.UTF8.GetBytes($"{{\"BackendData\":{leaseData}}}"), "BackendData").Text("BackendData");

    /// <summary>What a lease says: the command's output as a JSON string.</summary>
    public static string LeaseData(string output) => output.Length == 0 ? "" : GoText.Quote(output);
}
