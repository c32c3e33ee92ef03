using Canal.Core.Addressing;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>What is known of addresses at one time, as far as it was read. A plan is made from it and says what else it needs.</summary>
public sealed class IpamPicture
{
    private readonly Dictionary<Cidr, Seen<IpamBlock>> blocks = [];
    private readonly Dictionary<string, Seen<IpamHandle>> handles = [];
    private readonly Dictionary<(BlockOwner Owner, Cidr Block), Seen<IpamAffinity>> affinities = [];
    private readonly SortedDictionary<string, Seen<IpPool>> pools = new(StringComparer.Ordinal);
    private readonly List<Cidr> reserved = [];

    /// <summary>Pools in the order of their names.</summary>
    public IEnumerable<KeyValuePair<string, Seen<IpPool>>> Pools => pools;

    /// <summary>What must not be assigned unless somebody asks for that very address.</summary>
    public IReadOnlyList<Cidr> Reserved => reserved;

    public IpamConfig Config { get; private set; } = IpamConfig.Default;

    /// <summary>Why the settings cannot be read; null when they can, or there are none.</summary>
    public string? ConfigProblem { get; private set; }

    /// <summary>Labels of the node asked for; empty without a Node.</summary>
    public LabelMap NodeLabels { get; private set; }

    /// <summary>Labels of the request's namespace, from the profile that carries them.</summary>
    public LabelMap NamespaceLabels { get; private set; }

    /// <summary>Takes in a key that was read. Values that cannot be read count as there and unusable.</summary>
    public void Add(ReadOnlySpan<byte> etcdKey, ReadOnlyMemory<byte> value, long revision)
    {
        if (IpamKey.TryParse(etcdKey, out IpamKey key)) Add(key, value, revision);
        else if (ResourceKey.TryParse(etcdKey, out ResourceKey resource, out _)) Add(resource, value, revision);
    }

    /// <summary>Takes in that a key does not exist.</summary>
    public void AddAbsent(IpamKey key)
    {
        if (key.Kind == IpamKeyKind.Block) blocks[key.Cidr] = default;
        else if (key.Kind == IpamKeyKind.Handle) handles[key.HandleId!] = default;
        else if (key.Kind == IpamKeyKind.Affinity) affinities[(key.Owner, key.Cidr)] = default;
    }

    public bool TryGet(Cidr block, out Seen<IpamBlock> seen) => blocks.TryGetValue(block, out seen);

    public bool TryGet(string handle, out Seen<IpamHandle> seen) => handles.TryGetValue(handle, out seen);

    public bool TryGet(BlockOwner owner, Cidr block, out Seen<IpamAffinity> seen) => affinities.TryGetValue((owner, block), out seen);

    /// <summary>The blocks an owner has claims to, in one family, in the order of addresses.</summary>
    public List<Cidr> ClaimsOf(BlockOwner owner, IpFamily family)
    {
        List<Cidr> claims = [];
        foreach (((BlockOwner of, Cidr block), Seen<IpamAffinity> seen) in affinities)
            if (of == owner && block.Family == family && !seen.IsAbsent) claims.Add(block);
        claims.Sort();
        return claims;
    }

    /// <summary>Every address of the block is reserved.</summary>
    internal bool IsReserved(Cidr block)
    {
        foreach (Cidr cidr in reserved)
            if (cidr.Contains(block)) return true;
        return false;
    }

    internal bool IsReserved(IpAddress address) => IsReserved(new Cidr(address));

    private void Add(IpamKey key, ReadOnlyMemory<byte> value, long revision)
    {
        switch (key.Kind)
        {
            case IpamKeyKind.Block:
                // A block whose value names another is not to be trusted with either.
                IpamBlock? block = IpamCodec.DecodeBlock(value.Span).Value;
                blocks[key.Cidr] = new Seen<IpamBlock>(block?.Cidr == key.Cidr && !block.Deleted ? block : null, revision);
                break;
            case IpamKeyKind.Affinity:
                affinities[(key.Owner, key.Cidr)] = new Seen<IpamAffinity>(IpamCodec.DecodeAffinity(value.Span).Value, revision);
                break;
            case IpamKeyKind.Handle:
                handles[key.HandleId!] = new Seen<IpamHandle>(IpamCodec.DecodeHandle(value.Span).Value, revision);
                break;
            default:
                // Guessing at unreadable settings could break a promise such as strict affinity: nothing is assigned then.
                Decoded<IpamConfig> config = IpamCodec.DecodeConfig(value.Span);
                Config = config.Value ?? new IpamConfig { StrictAffinity = true };
                ConfigProblem = config.Value is null ? $"{IpamKey.Config.ToEtcdKey()}: {config.Problems[0]}" : null;
                break;
        }
    }

    private void Add(ResourceKey key, ReadOnlyMemory<byte> value, long revision)
    {
        Resource? resource = ResourceCodec.Decode(key, value).Resource;
        if (key.Kind == ResourceKind.IPPool) pools[key.Name] = new Seen<IpPool>(resource as IpPool, revision);
        else if (resource is IpReservation reservation) reserved.AddRange(reservation.ReservedCidrs);
        else if (resource is Node node) NodeLabels = node.Metadata.Labels;
        else if (resource is Profile profile) NamespaceLabels = OfNamespace(profile);
    }

    // A namespace's labels are inherited by its endpoints through its profile, under a prefix.
    private static LabelMap OfNamespace(Profile profile)
    {
        List<KeyValuePair<string, string>> labels = [];
        foreach ((string name, string value) in profile.LabelsToApply)
            if (name.StartsWith(WellKnownLabels.NamespacePrefix, StringComparison.Ordinal)) labels.Add(new(name[WellKnownLabels.NamespacePrefix.Length..], value));
        return LabelMap.Create(labels);
    }
}
