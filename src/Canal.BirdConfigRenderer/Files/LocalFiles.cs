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

    /// <summary>Changes whenever a file that counts may have: names, sizes and times of all of them.</summary>
    public int Signature()
    {
        HashCode hash = default;
        foreach (string folder in (ReadOnlySpan<string>)[snippetsFolder, statuses]) Add(ref hash, folder);
        Add(ref hash, secrets);
        foreach (string secret in Directory.Exists(secrets) ? Directory.GetDirectories(secrets).Order(StringComparer.Ordinal) : Enumerable.Empty<string>()) Add(ref hash, secret);
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

    /// <summary>All <c>*.conf</c> of the folder in the order of their names; the name says the place: <c>export-ipv4-mine.conf</c>.</summary>
    /// <exception cref="IOException">One of them cannot be read.</exception>
    public BirdSnippets Snippets()
    {
        BirdSnippets snippets = BirdSnippets.None;
        foreach (string path in Directory.Exists(snippetsFolder) ? Directory.GetFiles(snippetsFolder, "*.conf").Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            string text = $"# {Path.GetFileName(path)}\n{File.ReadAllText(path)}";
            snippets = With(snippets, Path.GetFileName(path), text.EndsWith('\n') ? text : text + "\n");
        }
        return snippets;
    }

    public List<WorkloadPeer> WorkloadPeers()
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

    private string? Read(SecretKeyRef reference, List<string> failures)
    {
        try
        {
            string path = Path.Combine(secrets, reference.Name, reference.Key), credential = $"{reference.Name}.{reference.Key}";
            if (File.Exists(path)) return SecretFile.Read(path, environment).Text;
            bool isCredential = environment.GetValueOrDefault("CREDENTIALS_DIRECTORY") is { Length: > 0 } folder && File.Exists(Path.Combine(folder, credential));
            return isCredential ? SecretFile.Read(credential, environment).Text : null;
        }
        catch (IOException e)
        {
            failures.Add(e.Message);
            return null;
        }
    }

    private static BirdSnippets With(BirdSnippets snippets, string file, string text) => file switch
    {
        _ when Is(file, "import-ipv4") => snippets with { ImportV4 = snippets.ImportV4 + text },
        _ when Is(file, "import-ipv6") => snippets with { ImportV6 = snippets.ImportV6 + text },
        _ when Is(file, "export-ipv4") => snippets with { ExportV4 = snippets.ExportV4 + text },
        _ when Is(file, "export-ipv6") => snippets with { ExportV6 = snippets.ExportV6 + text },
        _ when Is(file, "kernel-ipv4") => snippets with { KernelV4 = snippets.KernelV4 + text },
        _ when Is(file, "kernel-ipv6") => snippets with { KernelV6 = snippets.KernelV6 + text },
        _ when Is(file, "sessions") => snippets with { Sessions = snippets.Sessions + text },
        _ when Is(file, "definitions") => snippets with { Definitions = snippets.Definitions + text },
        _ => snippets with { Top = snippets.Top + text },
    };

    private static bool Is(string file, string hook) => file == $"{hook}.conf" || file.StartsWith($"{hook}-", StringComparison.Ordinal);

    private static void Add(ref HashCode hash, string folder)
    {
        if (folder.Length == 0 || !Directory.Exists(folder)) return;
        foreach (FileInfo file in new DirectoryInfo(folder).GetFiles().OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            hash.Add(file.FullName);
            hash.Add(file.LastWriteTimeUtc);
            hash.Add(file.Exists ? file.Length : -1);
        }
    }
}
