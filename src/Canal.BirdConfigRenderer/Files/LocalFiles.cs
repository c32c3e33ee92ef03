using System.Collections.Immutable;
using Canal.BirdConfigRenderer.Configuration;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer.Files;

/// <summary>What this host's files add to the cluster's resources: passwords, the administrator's snippets, local workloads that speak BGP.</summary>
internal sealed class LocalFiles(HostingConfiguration configuration, string snippetsFolder, ImmutableDictionary<string, string> environment)
{
    private readonly string secrets = configuration.Get(RendererSettings.SecretsFolder);

    private readonly string statuses = configuration.Get(RendererSettings.EndpointStatusPathPrefix) is { Length: > 0 } prefix ? Path.Combine(prefix, "endpoint-status") : "";

    /// <summary>Changes whenever a file that counts may have: names, sizes and times of all of them. A folder that cannot be read counts by why.</summary>
    public int Signature()
    {
        HashCode hash = default;
        foreach (string folder in (ReadOnlySpan<string>)[snippetsFolder, statuses, secrets]) Add(ref hash, folder, andBelow: folder == secrets);
        return hash.ToHashCode();
    }

    /// <summary>The passwords among these that can be read: <c>SECRET/KEY</c> below the folder, else systemd's credential <c>SECRET.KEY</c>.</summary>
    /// <param name="references">Validated: no part of them leads out of the folder.</param>
    /// <param name="failures">Why others cannot be read; a file that is not there is no failure.</param>
    public Dictionary<SecretKeyRef, BgpPassword> Passwords(IEnumerable<SecretKeyRef> references, List<string> failures)
    {
        Dictionary<SecretKeyRef, BgpPassword> passwords = [];
        foreach (SecretKeyRef reference in references.Distinct())
            if (Read(reference, failures) is { } text) passwords[reference] = new BgpPassword(text);
        return passwords;
    }

    /// <summary>All <c>*.conf</c> of the folder in the order of their names.</summary>
    /// <param name="accepted">What stands in for those that cannot be read.</param>
    /// <param name="failures">Why they cannot be.</param>
    public List<BirdSnippet> Snippets(IReadOnlyCollection<BirdSnippet> accepted, List<string> failures)
    {
        try
        {
            List<BirdSnippet> snippets = [];
            foreach (string path in Directory.Exists(snippetsFolder) ? Directory.GetFiles(snippetsFolder, "*.conf").Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
                if (Read(path, accepted, failures) is { } snippet) snippets.Add(snippet);
            return snippets;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failures.Add($"{e.Message} The snippets that were accepted before stay.");
            return [.. accepted];
        }
    }

    /// <summary>Local workloads that speak BGP.</summary>
    /// <param name="known">What stays when the folder cannot be read.</param>
    /// <param name="failures">Why it cannot be.</param>
    public List<WorkloadPeer> WorkloadPeers(IReadOnlyCollection<WorkloadPeer> known, List<string> failures)
    {
        try
        {
            return ReadWorkloadPeers();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failures.Add($"{e.Message} The local workloads known before stay.");
            return [.. known];
        }
    }

    private List<WorkloadPeer> ReadWorkloadPeers()
    {
        List<WorkloadPeer> peers = [];
        if (statuses.Length == 0 || !Directory.Exists(statuses)) return peers;
        foreach (string path in Directory.GetFiles(statuses).Order(StringComparer.Ordinal))
        {
            try
            {
                if (WorkloadPeerReader.TryRead(File.ReadAllBytes(path), out WorkloadPeer? peer)) peers.Add(peer!);
            }
            catch (FileNotFoundException)
            {
                // The workload went away between the two calls; the next look sees that the folder changed.
            }
        }
        return peers;
    }

    private static BirdSnippet? Read(string path, IReadOnlyCollection<BirdSnippet> accepted, List<string> failures)
    {
        string name = Path.GetFileName(path);
        if (!BirdSnippet.IsName(name))
        {
            failures.Add($"{EscapedText.Of(path)} is left out: its name may hold letters, digits, '.', '-' and '_' only");
            return null;
        }
        try
        {
            return new BirdSnippet(name, File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            BirdSnippet? before = accepted.FirstOrDefault(s => s.Name == name);
            failures.Add($"{e.Message} {(before is null ? "It is left out." : "The version that was accepted before stays.")}");
            return before;
        }
    }

    private string? Read(SecretKeyRef reference, List<string> failures)
    {
        try
        {
            return SecretFile.Read(Path.Combine(secrets, reference.Name, reference.Key), environment).Text;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return ReadCredential($"{reference.Name}.{reference.Key}", failures);
        }
        catch (IOException e)
        {
            failures.Add(e.Message);
            return null;
        }
    }

    private string? ReadCredential(string credential, List<string> failures)
    {
        try
        {
            bool isCredential = environment.GetValueOrDefault("CREDENTIALS_DIRECTORY") is { Length: > 0 } folder && File.Exists(Path.Combine(folder, credential));
            return isCredential ? SecretFile.Read(credential, environment).Text : null;
        }
        catch (IOException e)
        {
            failures.Add(e.Message);
            return null;
        }
    }

    private static void Add(ref HashCode hash, string folder, bool andBelow)
    {
        if (folder.Length == 0 || !Directory.Exists(folder)) return;
        try
        {
            foreach (FileInfo file in new DirectoryInfo(folder).GetFiles().OrderBy(f => f.Name, StringComparer.Ordinal))
            {
                hash.Add(file.FullName);
                hash.Add(file.LastWriteTimeUtc);
                hash.Add(file.Exists ? file.Length : -1);
            }
            foreach (string below in andBelow ? Directory.GetDirectories(folder).Order(StringComparer.Ordinal) : Enumerable.Empty<string>()) Add(ref hash, below, andBelow: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            hash.Add(e.Message);
        }
    }
}
