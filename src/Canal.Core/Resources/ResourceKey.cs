using System.Text;

namespace Canal.Core.Resources;

/// <summary>The identity of a resource: what its etcd key says. Names and namespaces stand in keys verbatim.</summary>
/// <param name="Kind">The kind, a plural in the key.</param>
/// <param name="Namespace">Null for global kinds.</param>
/// <param name="Name">The name as in the key; a policy's display name may differ, see <see cref="PolicyNames"/>.</param>
public readonly record struct ResourceKey(ResourceKind Kind, string? Namespace, string Name)
{
    /// <summary>Where all resources are: <c>/calico/resources/v3/projectcalico.org/</c>.</summary>
    public const string Root = "/calico/resources/v3/projectcalico.org/";

    private static ReadOnlySpan<byte> RootBytes => "/calico/resources/v3/projectcalico.org/"u8;

    /// <summary>Reads an etcd key. False with the reason when it does not name a resource: a foreign prefix, an unknown plural, or a number of
    /// segments that does not fit the scope of the kind. Such keys are to be ignored.</summary>
    /// <param name="etcdKey">The key's bytes.</param>
    /// <param name="key">The identity.</param>
    /// <param name="reason">Why not; null on success.</param>
    /// <param name="pool">Where repeated namespaces are shared; null for none.</param>
    public static bool TryParse(ReadOnlySpan<byte> etcdKey, out ResourceKey key, out string? reason, StringPool? pool = null)
    {
        key = default;
        reason = null;
        if (!etcdKey.StartsWith(RootBytes))
            return Refuse($"not under {Root}", out reason);
        ReadOnlySpan<byte> rest = etcdKey[RootBytes.Length..];
        int slash = rest.IndexOf((byte)'/');
        if (slash < 0)
            return Refuse("names no resource", out reason);
        if (ResourceKinds.ByPlural(rest[..slash]) is not { } entry)
            return Refuse("of a kind that is not known", out reason);
        return TryParseName(entry, rest[(slash + 1)..], out key, out reason, pool);
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out ResourceKey, out string?, StringPool?)"/>
    public static bool TryParse(string etcdKey, out ResourceKey key, out string? reason) =>
        TryParse(Encoding.UTF8.GetBytes(etcdKey), out key, out reason);

    private static bool TryParseName(ResourceKindEntry entry, ReadOnlySpan<byte> path, out ResourceKey key, out string? reason, StringPool? pool)
    {
        key = default;
        string? @namespace = null;
        if (entry.Namespaced)
        {
            int slash = path.IndexOf((byte)'/');
            if (slash <= 0)
                return Refuse($"a {entry.Name} needs a namespace and a name", out reason);
            @namespace = StringPool.Get(pool, path[..slash]);
            path = path[(slash + 1)..];
        }
        if (path.IsEmpty || path.Contains((byte)'/'))
            return Refuse($"the number of segments does not fit a {entry.Name}", out reason);
        key = new ResourceKey(entry.Kind, @namespace, Encoding.UTF8.GetString(path));
        reason = null;
        return true;
    }

    private static bool Refuse(string sentence, out string? reason)
    {
        reason = sentence;
        return false;
    }

    /// <summary>The etcd key.</summary>
    public string ToEtcdKey() => Namespace is null
        ? string.Concat(Root, ResourceKinds.Of(Kind).Plural, "/", Name)
        : $"{Root}{ResourceKinds.Of(Kind).Plural}/{Namespace}/{Name}";

    /// <summary>For messages: <c>NetworkPolicy prod/db</c>.</summary>
    public override string ToString() => Namespace is null ? $"{ResourceKinds.Of(Kind).Name} {Name}" : $"{ResourceKinds.Of(Kind).Name} {Namespace}/{Name}";
}
