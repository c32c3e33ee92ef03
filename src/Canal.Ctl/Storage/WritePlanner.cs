using System.Globalization;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Works out what to store, from the document and from what is stored; changes neither.</summary>
internal sealed class WritePlanner(WriteVerb verb, TimeProvider time)
{
    /// <summary>The write; null with problems added when the verb, the revision or the kind's own rules do not allow it.</summary>
    public PlannedWrite? Plan(WantedResource wanted, StoredResource? stored, List<Problem> problems)
    {
        CheckVerb(wanted, stored, problems);
        if (problems.Count > 0)
            return null;
        ResourceKey key = stored?.Key ?? new(wanted.Kind.Kind, wanted.Namespace, PolicyNames.StoredName(wanted.Name, PolicyNameStyle.Verbatim));
        ResourceDocument document = Compose(wanted, stored?.Document, key);
        foreach (Problem problem in ResourceDefaults.Apply(document))
            problems.Add(problem);
        if (stored?.Document is { } old)
            problems.AddRange(FixedFields.Changed(key.Kind, old, document));
        bool unchanged = stored?.Document is { } before && JsonNode.DeepEquals(before.Root, document.Root);
        return problems.Count == 0 ? new PlannedWrite(key, stored?.Revision ?? 0, document, unchanged) : null;
    }

    private void CheckVerb(WantedResource wanted, StoredResource? stored, List<Problem> problems)
    {
        if (verb == WriteVerb.Create && stored is not null)
            problems.Add(new Problem("", "exists already"));
        else if (verb == WriteVerb.Create && wanted.Revision is not null)
            problems.Add(new Problem("metadata.resourceVersion", "must not be given for what is to be created"));
        else if (verb == WriteVerb.Replace && stored is null)
            problems.Add(new Problem("", "does not exist"));
        else if (wanted.Revision is { } revision && revision != (stored?.Revision ?? 0))
            problems.Add(new Problem("metadata.resourceVersion", stored is null
                ? "is given, and the resource is gone" : $"is {revision}, and the resource has changed since, at {stored.Revision}: look at it again"));
    }

    private ResourceDocument Compose(WantedResource wanted, ResourceDocument? old, ResourceKey key)
    {
        ResourceDocument document = old is null ? wanted.Document.Clone() : ResourceMerge.Over(wanted.Document, old);
        if (old is not null)
            FixedFields.Keep(key.Kind, old, document);
        document.ResourceVersion = "";
        if (key.Kind.IsTiered())
            document.Annotations = document.Annotations.With(PolicyNames.Annotation, PolicyNames.AnnotationFor(old?.DisplayName ?? wanted.Name));
        document.Name = key.Name;
        if (document.Uid.Length == 0)
            document.Uid = Guid.NewGuid().ToString();
        if (document.CreationTimestamp.Length == 0)
            document.CreationTimestamp = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return document;
    }
}
