using System.Text.Json;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Felix.Status;

/// <summary>
/// <c>endpoint-status/</c>: one file for each local endpoint whose policy is in the kernel. CNI plugins wait for it before they let a workload start.
/// Named and written as Calico does.
/// </summary>
internal sealed class StatusFiles
{
    private readonly string? folder;
    private readonly HashSet<string> written = new(StringComparer.Ordinal);

    /// <summary>Below the prefix; nothing is written when it is empty or <c>none</c>.</summary>
    public StatusFiles(string prefix)
    {
        folder = prefix.Length == 0 || prefix == "none" ? null : Path.Combine(prefix, "endpoint-status");
        if (folder is null) return;
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(folder)) written.Add(Path.GetFileName(file));
    }

    /// <summary>The endpoint came up, or is not up any more.</summary>
    public void Set(EndpointPolicy endpoint, bool up)
    {
        if (folder is null || !WorkloadEndpointName.TryParse(endpoint.Key.Name, out WorkloadEndpointName name)) return;
        string file = FileName(endpoint.Key.Namespace ?? "", name);
        if (up)
        {
            AtomicFile.Write(Path.Combine(folder, file), Content(endpoint), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            written.Add(file);
        }
        else if (written.Remove(file))
        {
            File.Delete(Path.Combine(folder, file));
        }
    }

    /// <summary>Removes files of endpoints that are not here any more; called once, when everything is known.</summary>
    public void Sweep(IEnumerable<EndpointPolicy> present)
    {
        if (folder is null) return;
        HashSet<string> wanted = new(StringComparer.Ordinal);
        foreach (EndpointPolicy endpoint in present)
            if (WorkloadEndpointName.TryParse(endpoint.Key.Name, out WorkloadEndpointName name)) wanted.Add(FileName(endpoint.Key.Namespace ?? "", name));
        foreach (string stale in written.Except(wanted, StringComparer.Ordinal).ToArray())
        {
            File.Delete(Path.Combine(folder, stale));
            written.Remove(stale);
        }
    }

    private static string FileName(string @namespace, WorkloadEndpointName name) =>
        $"{Uri.EscapeDataString(name.Orchestrator)} {Uri.EscapeDataString($"{@namespace}/{name.Workload}")} {Uri.EscapeDataString(name.Endpoint)}";

    private static ReadOnlySpan<byte> Content(EndpointPolicy endpoint)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("ifaceName", endpoint.InterfaceName);
            json.WriteString("mac", endpoint.Mac?.ToString() ?? "");
            WriteNets(json, "ipv4Nets", endpoint, IpFamily.V4);
            WriteNets(json, "ipv6Nets", endpoint, IpFamily.V6);
            json.WriteEndObject();
        }
        return text.ToArray();
    }

    private static void WriteNets(Utf8JsonWriter json, string name, EndpointPolicy endpoint, IpFamily family)
    {
        json.WriteStartArray(name);
        foreach (Cidr address in endpoint.Addresses)
            if (address.Family == family) json.WriteStringValue(address.ToString());
        json.WriteEndArray();
    }
}
