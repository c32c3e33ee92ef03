using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Reads pools, reservations and the cluster's own resources.</summary>
internal static class ClusterReader
{
    public static IpPool ReadPool(ref JsonScanner json, IpPool pool)
    {
        if (!json.BeginObject()) return pool;
        while (json.NextField())
        {
            if (json.Is("cidr"u8)) pool = pool with { Cidr = ReadCidr(ref json) };
            else if (json.Is("blockSize"u8)) pool = pool with { BlockSize = (int)(json.Integer(0, 128) ?? 0) };
            else if (json.Is("ipipMode"u8)) pool = pool with { IpipMode = ReadMode(ref json) };
            else if (json.Is("vxlanMode"u8)) pool = pool with { VxlanMode = ReadMode(ref json) };
            else if (json.Is("natOutgoing"u8)) pool = pool with { NatOutgoing = json.Flag() };
            else if (json.Is("disabled"u8)) pool = pool with { Disabled = json.Flag() };
            else if (json.Is("disableBGPExport"u8)) pool = pool with { DisableBgpExport = json.Flag() };
            else if (json.Is("nodeSelector"u8)) pool = pool with { NodeSelector = json.SharedText() is { Length: > 0 } selector ? selector : "all()" };
            else if (json.Is("namespaceSelector"u8)) pool = pool with { NamespaceSelector = json.SharedText() };
            else if (json.Is("allowedUses"u8)) pool = pool with { AllowedUses = ReadUses(ref json) };
            else if (json.Is("assignmentMode"u8)) pool = pool with { AssignmentMode = ReadAssignment(ref json) };
            else json.SkipValue();
        }
        return pool;
    }

    /// <summary>Fails a pool without a range; gives one without a block size the default of its family.</summary>
    public static IpPool Complete(ref JsonScanner json, IpPool pool)
    {
        if (pool.Cidr == default) json.FailAt("spec.cidr", "is missing");
        else if (pool.BlockSize == 0) return pool with { BlockSize = IpPool.DefaultBlockSize(pool.Cidr.Family) };
        else if (pool.BlockSize < pool.Cidr.Length && !pool.Disabled || pool.BlockSize > pool.Cidr.Family.Bits)
            json.FailAt("spec.blockSize", $"{pool.BlockSize} does not fit {pool.Cidr}");
        return pool;
    }

    private static Cidr ReadCidr(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[64];
        ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
        if (Cidr.TryParse(text, out Cidr cidr)) return cidr;
        if (!text.IsEmpty) json.Fail($"{Problem.Quote(text)} is not a CIDR");
        return default;
    }

    private static EncapsulationMode ReadMode(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[64];
        ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
        switch (text)
        {
            case "" or "Never": return EncapsulationMode.Never;
            case "Always": return EncapsulationMode.Always;
            case "CrossSubnet": return EncapsulationMode.CrossSubnet;
            default:
                json.Fail($"{Problem.Quote(text)} is not a mode (Always, CrossSubnet, Never)");
                return EncapsulationMode.Never;
        }
    }

    private static PoolUses ReadUses(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[64];
        PoolUses uses = PoolUses.None;
        if (!json.BeginArray()) return PoolUses.Workload | PoolUses.Tunnel;
        while (json.NextItem())
        {
            ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
            if (text is "Workload") uses |= PoolUses.Workload;
            else if (text is "Tunnel") uses |= PoolUses.Tunnel;
            else if (text is "LoadBalancer") uses |= PoolUses.LoadBalancer;
            else json.Drop($"{Problem.Quote(text)} is not a use (Workload, Tunnel, LoadBalancer); it is left out");
        }
        return uses == PoolUses.None ? PoolUses.Workload | PoolUses.Tunnel : uses;
    }

    private static AssignmentMode ReadAssignment(ref JsonScanner json)
    {
        string text = json.SharedText();
        if (text is "Manual") return AssignmentMode.Manual;
        if (text is not ("" or "Automatic")) json.Fail($"{Problem.Quote(text)} is neither Automatic nor Manual");
        return AssignmentMode.Automatic;
    }

    public static FelixConfiguration ReadFelix(ref JsonScanner json, FelixConfiguration felix)
    {
        string nodeSelector = "";
        List<RawField> fields = [];
        if (!json.BeginObject()) return felix;
        while (json.NextField())
        {
            if (json.Is("nodeSelector"u8)) nodeSelector = json.Text();
            else fields.Add(new RawField(json.FieldName(), json.Raw()));
        }
        return felix with { NodeSelector = nodeSelector, Fields = fields.ToEquatableArray() };
    }

    /// <summary>The parameters that annotations set.</summary>
    public static LabelMap Parameters(LabelMap annotations)
    {
        LabelMap parameters = default;
        foreach ((string name, string value) in annotations)
            if (name.StartsWith(FelixConfiguration.AnnotationPrefix, StringComparison.Ordinal))
                parameters = parameters.With(name[FelixConfiguration.AnnotationPrefix.Length..], value);
        return parameters;
    }

    public static EquatableArray<RawField> ReadFields(ref JsonScanner json)
    {
        List<RawField> fields = [];
        if (!json.BeginObject()) return default;
        while (json.NextField()) fields.Add(new RawField(json.FieldName(), json.Raw()));
        return fields.ToEquatableArray();
    }

    public static ClusterInformation ReadInformation(ref JsonScanner json, ClusterInformation information)
    {
        if (!json.BeginObject()) return information;
        while (json.NextField())
        {
            if (json.Is("clusterGUID"u8)) information = information with { ClusterGuid = json.Text() };
            else if (json.Is("clusterType"u8)) information = information with { ClusterType = json.Text() };
            else if (json.Is("calicoVersion"u8)) information = information with { CalicoVersion = json.Text() };
            else if (json.Is("variant"u8)) information = information with { Variant = json.Text() };
            else if (json.Is("datastoreReady"u8)) information = information with { DatastoreReady = json.OptionalFlag() };
            else json.SkipValue();
        }
        return information;
    }

    public static CalicoNodeStatus ReadStatusRequest(ref JsonScanner json, CalicoNodeStatus status)
    {
        if (!json.BeginObject()) return status;
        while (json.NextField())
        {
            if (json.Is("node"u8)) status = status with { Node = json.SharedText() };
            else if (json.Is("classes"u8)) status = status with { Classes = json.Texts() };
            else if (json.Is("updatePeriodSeconds"u8)) status = status with { UpdatePeriodSeconds = (uint?)json.Integer(0, uint.MaxValue) };
            else json.SkipValue();
        }
        return status;
    }
}
