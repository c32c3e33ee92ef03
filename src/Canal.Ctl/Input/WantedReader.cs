using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Finds out which resources documents name.</summary>
/// <param name="givenNamespace">From the command line; null for none.</param>
internal sealed class WantedReader(string? givenNamespace)
{
    /// <summary>Where resources are that name no namespace.</summary>
    public const string DefaultNamespace = "default";

    private readonly Dictionary<(ResourceKind, string?, string), Origin> seen = [];

    /// <summary>The identity; null with problems added (without the place) when there is none.</summary>
    public WantedResource? Read(SourceDocument source, List<Problem> problems)
    {
        ResourceDocument document = source.Document.Clone();
        ResourceKindEntry? kind = KindOf(document, problems);
        CheckMetadata(document, problems);
        if (kind is null || problems.Count > 0)
            return null;
        SetNamespace(document, kind, problems);
        SetName(document, kind, problems);
        long? revision = RevisionOf(document, problems);
        if (problems.Count > 0)
            return null;
        WantedResource wanted = new(source.Origin, document, kind, revision);
        if (seen.TryAdd((kind.Kind, wanted.Namespace, wanted.Name), source.Origin))
            return wanted;
        problems.Add(new Problem("", $"is in {seen[(kind.Kind, wanted.Namespace, wanted.Name)]} too"));
        return null;
    }

    private static ResourceKindEntry? KindOf(ResourceDocument document, List<Problem> problems)
    {
        if (document.ApiVersion != ResourceCodec.ApiVersion)
            problems.Add(new Problem("apiVersion", document.ApiVersion.Length == 0
                ? $"is missing: write {ResourceCodec.ApiVersion}" : $"{Problem.Quote(document.ApiVersion)} is not {ResourceCodec.ApiVersion}{(document.ApiVersion == V1Resource.Version ? "; canalctl convert reads what was written for Calico 1 and 2" : "")}"));
        if (ResourceKinds.TryFindName(document.Kind, out ResourceKind kind))
            return ResourceKinds.Of(kind);
        problems.Add(new Problem("kind", document.Kind.Length == 0
            ? "is missing" : $"{Problem.Quote(document.Kind)} is not a kind{NearestWord.Suggest(document.Kind, KindWords.Names())}"));
        return null;
    }

    private static void CheckMetadata(ResourceDocument document, List<Problem> problems)
    {
        if (document.Root["metadata"] is not JsonObject metadata)
        {
            problems.Add(new Problem("metadata", document.Root["metadata"] is null ? "is missing" : "is not an object"));
            return;
        }
        foreach (string field in (ReadOnlySpan<string>)["name", "namespace", "resourceVersion"])
        {
            if (metadata[field] is { } node && node.GetValueKind() != JsonValueKind.String)
                problems.Add(new Problem($"metadata.{field}", "is not a string; put it in quotes"));
        }
    }

    private void SetNamespace(ResourceDocument document, ResourceKindEntry kind, List<Problem> problems)
    {
        if (!kind.Namespaced)
        {
            if (document.Namespace.Length > 0)
                problems.Add(new Problem("metadata.namespace", $"a {kind.Name} has no namespace"));
            return;
        }
        if (document.Namespace.Length == 0)
            document.Namespace = givenNamespace ?? DefaultNamespace;
        else if (givenNamespace is not null && document.Namespace != givenNamespace)
            problems.Add(new Problem("metadata.namespace", $"{Problem.Quote(document.Namespace)} is not the {Problem.Quote(givenNamespace)} of the command line"));
        CheckSegment("metadata.namespace", document.Namespace, problems);
    }

    /// <summary>A workload endpoint's name follows from its spec, so it may be left out; a wrong one is told when the whole document is checked.</summary>
    private static void SetName(ResourceDocument document, ResourceKindEntry kind, List<Problem> problems)
    {
        if (document.Name.Length == 0 && kind.Kind == ResourceKind.WorkloadEndpoint)
        {
            ResourceDocument complete = document.Clone();
            problems.AddRange(ResourceDefaults.Apply(complete));
            document.Name = complete.Name;
            return;
        }
        CheckSegment("metadata.name", document.Name, problems);
    }

    /// <summary>Names stand in etcd keys as they are: a slash would make another key of it.</summary>
    private static void CheckSegment(string path, string text, List<Problem> problems)
    {
        if (text.Length == 0)
            problems.Add(new Problem(path, "is missing"));
        else if (text.Contains('/') || text.Any(char.IsControl))
            problems.Add(new Problem(path, $"{Problem.Quote(text)} must not hold a '/' or a control character"));
    }

    private static long? RevisionOf(ResourceDocument document, List<Problem> problems)
    {
        string text = document.ResourceVersion;
        if (text.Length == 0)
            return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long revision) && revision > 0)
            return revision;
        problems.Add(new Problem("metadata.resourceVersion", $"{Problem.Quote(text)} is not a revision of etcd"));
        return null;
    }
}
