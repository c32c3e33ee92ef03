using System.Text.Json;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Felix.Status;

/// <summary>
/// <c>endpoint-status/</c>: one file for each local endpoint whose policy is in the kernel. CNI plugins wait for it before they let a workload start;
/// canal-bird-config-renderer learns from it which workloads speak BGP.
/// Named and written as Calico does. What is asked for is remembered until it is written: a disk that is full, or a name that is too long for it, is a reason
/// to try again, never to stop.
/// </summary>
internal sealed class StatusFiles
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string? folder;
    private readonly SortedDictionary<string, byte[]?> pending = new(StringComparer.Ordinal);
    private HashSet<string>? wanted;

    /// <summary>Names there are, once the folder has been read.</summary>
    private HashSet<string>? written;

    /// <summary>Below the prefix; nothing is written when it is empty or <c>none</c>.</summary>
    public StatusFiles(string prefix) => folder = prefix.Length == 0 || prefix == "none" ? null : Path.Combine(prefix, "endpoint-status");

    /// <summary>Something is to be written or deleted.</summary>
    public bool IsDue => pending.Count > 0 || wanted is not null;

    /// <summary>The endpoint came up, or is not up any more.</summary>
    public void Set(EndpointPolicy endpoint, bool up)
    {
        if (folder is null || !WorkloadEndpointName.TryParse(endpoint.Key.Name, out WorkloadEndpointName name)) return;
        pending[FileName(endpoint.Key.Namespace ?? "", name)] = up ? Content(endpoint) : null;
    }

    /// <summary>Files of endpoints other than these are to go; called once, when everything is known.</summary>
    public void Sweep(IEnumerable<EndpointPolicy> present)
    {
        if (folder is null) return;
        wanted = new(StringComparer.Ordinal);
        foreach (EndpointPolicy endpoint in present)
            if (WorkloadEndpointName.TryParse(endpoint.Key.Name, out WorkloadEndpointName name)) wanted.Add(FileName(endpoint.Key.Namespace ?? "", name));
    }

    /// <summary>Somebody may have taken files away: those of these endpoints, which are up, that are missing are to be written again.</summary>
    public void Doubt(IEnumerable<EndpointPolicy> up)
    {
        if (folder is null || written is null) return;
        foreach (EndpointPolicy endpoint in up)
            if (WorkloadEndpointName.TryParse(endpoint.Key.Name, out WorkloadEndpointName name) && !File.Exists(Path.Combine(folder, FileName(endpoint.Key.Namespace ?? "", name)))) Set(endpoint, up: true);
    }

    /// <summary>Takes away what this run has written. Returns what the file system did not let happen, else null.</summary>
    public string? Leave()
    {
        if (written is null) return null;
        Sweep([]);
        return Write();
    }

    /// <summary>Does what is due, as far as the file system lets it. Returns what it did not let happen, the first of it as a sentence; else null.</summary>
    public string? Write()
    {
        if (folder is null) return null;
        try
        {
            ReadFolder();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
        foreach (string stale in wanted is null ? [] : written!.Except(wanted, StringComparer.Ordinal)) pending.TryAdd(stale, null);
        wanted = null;
        string? failure = null;
        foreach ((string file, byte[]? content) in pending.ToArray())
        {
            if (Put(file, content) is string refusal) failure ??= refusal;
            else pending.Remove(file);
        }
        return failure is null || pending.Count == 1 ? failure : $"{pending.Count} files, the first: {failure}";
    }

    private void ReadFolder()
    {
        if (written is not null && Directory.Exists(folder)) return;
        Directory.CreateDirectory(folder!);
        written = new(Directory.EnumerateFiles(folder!).Select(file => Path.GetFileName(file)), StringComparer.Ordinal);
    }

    private string? Put(string file, byte[]? content)
    {
        string path = Path.Combine(folder!, file);
        try
        {
            if (content is not null) AtomicFile.WriteTransient(path, content, Mode);
            else if (written!.Contains(file)) File.Delete(path);
        }
        catch (DirectoryNotFoundException) when (content is null)
        {
            // Who deleted the folder deleted the file.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
        if (content is not null) written!.Add(file);
        else written!.Remove(file);
        return null;
    }

    private static string FileName(string @namespace, WorkloadEndpointName name) => EndpointStatusFile.Name(@namespace, name);

    private static byte[] Content(EndpointPolicy endpoint)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("ifaceName", endpoint.InterfaceName);
            json.WriteString("mac", endpoint.Mac?.ToString() ?? "");
            WriteNets(json, "ipv4Nets", endpoint, IpFamily.V4);
            WriteNets(json, "ipv6Nets", endpoint, IpFamily.V6);
            if (endpoint.BgpPeer.Length > 0) json.WriteString("bgpPeerName", endpoint.BgpPeer);
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
