using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>A resource somebody named in a document: its identity as that person says it.</summary>
/// <param name="Origin">Where.</param>
/// <param name="Document">The document with apiVersion, namespace and computed name filled in; nothing else is changed.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Revision">The etcd revision it must still be at; null when the document names none.</param>
internal sealed record WantedResource(Origin Origin, ResourceDocument Document, ResourceKindEntry Kind, long? Revision)
{
    /// <summary>The name as the person says it; a policy may be stored under another.</summary>
    public string Name => Document.Name;

    /// <summary>Null for global kinds.</summary>
    public string? Namespace => Kind.Namespaced ? Document.Namespace : null;

    /// <summary><c>policies.yaml, document 2: NetworkPolicy prod/db</c></summary>
    public string Where => $"{Origin}: {Title}";

    /// <summary><c>NetworkPolicy prod/db</c></summary>
    public string Title => new ResourceKey(Kind.Kind, Namespace, Name).ToString();
}
