using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Workloads;

/// <summary>Waits until canal-felix (or Calico's) says by its file that this endpoint's policy is in the kernel and its interface wired.</summary>
/// <param name="folder">Where it says so.</param>
/// <param name="key">The endpoint.</param>
/// <param name="name">Its name, taken apart.</param>
/// <param name="hostInterface">The host's end.</param>
/// <param name="mac">Of the container's end.</param>
/// <param name="addresses">The container's.</param>
internal sealed class PolicyWait(string folder, ResourceKey key, WorkloadEndpointName name, string hostInterface, MacAddress mac, IReadOnlyList<IpAddress> addresses)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1), LongestPause = TimeSpan.FromMilliseconds(20);

    /// <summary>The file that is waited for.</summary>
    public string File { get; } = Path.Combine(folder, EndpointStatusFile.Name(key.Namespace ?? "", name));

    /// <returns>False when the time is over.</returns>
    public async Task<bool> RunAsync(TimeSpan limit, CancellationToken stop)
    {
        long begun = Stopwatch.GetTimestamp();
        for (TimeSpan waited = TimeSpan.Zero; waited < limit; waited = Stopwatch.GetElapsedTime(begun))
        {
            if (IsProgrammed()) return true;
            await Task.Delay(PauseAfter(waited), stop);
        }
        return false;
    }

    // A tenth of what was waited already is what looking too late may cost.
    private static TimeSpan PauseAfter(TimeSpan waited) =>
        waited / 10 < ShortestPause ? ShortestPause : waited / 10 < LongestPause ? waited / 10 : LongestPause;

    // A file of an earlier container of the same name has another MAC.
    private bool IsProgrammed()
    {
        try
        {
            JsonNode? status = JsonNode.Parse(System.IO.File.ReadAllBytes(File));
            return status?["ifaceName"]?.GetValue<string>() == hostInterface && status["mac"]?.GetValue<string>() == mac.ToString()
                && addresses.All(address => Nets(status, address.Family).Contains(new Cidr(address).ToString()));
        }
        catch (Exception e) when (e is IOException or JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Nets(JsonNode status, IpFamily family) =>
        status[family == IpFamily.V4 ? "ipv4Nets" : "ipv6Nets"]?.AsArray().Select(net => net!.GetValue<string>()) ?? [];
}
