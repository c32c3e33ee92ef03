using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Cni;

/// <summary>Waits until canal-felix (or Calico's) says by its file that this endpoint's policy is in the kernel and its interface wired.</summary>
internal sealed class PolicyWait(Configuration configuration, EndpointIdentity identity, MacAddress mac, IReadOnlyList<IpAddress> addresses)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1), LongestPause = TimeSpan.FromMilliseconds(20);

    /// <param name="wire">Adds the host's routes, when nobody else is waited for.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="CniException">The time is over, and the container is not to start then.</exception>
    public async Task RunAsync(Action wire, CancellationToken stop)
    {
        TimeSpan limit = configuration.Get(CniSettings.PolicyTimeout);
        string file = Path.Combine(configuration.Get(CniSettings.EndpointStatusDirectory), EndpointStatusFile.Name(identity.Key.Namespace ?? "", identity.Name));
        long begun = Stopwatch.GetTimestamp();
        for (TimeSpan waited = TimeSpan.Zero; waited < limit; waited = Stopwatch.GetElapsedTime(begun))
        {
            if (IsProgrammed(file)) return;
            await Task.Delay(PauseAfter(waited), stop);
        }
        if (limit > TimeSpan.Zero && !configuration.Get(CniSettings.PolicyTimeoutAction))
            throw new CniException(CniCode.TryLater, $"canal-felix did not program {identity.HostInterface} within {limit.TotalSeconds:0.#} s", $"{file} does not tell of it; is canal-felix running?");
        wire();
    }

    // A tenth of what was waited already is what looking too late may cost.
    private static TimeSpan PauseAfter(TimeSpan waited) =>
        waited / 10 < ShortestPause ? ShortestPause : waited / 10 < LongestPause ? waited / 10 : LongestPause;

    // A file of an earlier container of the same name has another MAC.
    private bool IsProgrammed(string file)
    {
        try
        {
            JsonNode? status = JsonNode.Parse(File.ReadAllBytes(file));
            return status?["ifaceName"]?.GetValue<string>() == identity.HostInterface && status["mac"]?.GetValue<string>() == mac.ToString()
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
