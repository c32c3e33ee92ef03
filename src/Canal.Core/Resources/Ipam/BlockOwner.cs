namespace Canal.Core.Resources;

/// <summary>Who takes addresses from a block first: <c>host:host-a</c>, <c>virtual:load-balancer</c>.</summary>
public readonly record struct BlockOwner(BlockOwnerKind Kind, string Name)
{
    private const string HostPrefix = "host:";
    private const string VirtualPrefix = "virtual:";

    public static BlockOwner Host(string node) => new(BlockOwnerKind.Host, node);

    public static bool TryParse(string text, out BlockOwner owner)
    {
        bool isHost = text.StartsWith(HostPrefix, StringComparison.Ordinal);
        bool isVirtual = text.StartsWith(VirtualPrefix, StringComparison.Ordinal);
        owner = isHost ? new(BlockOwnerKind.Host, text[HostPrefix.Length..])
            : isVirtual ? new(BlockOwnerKind.Virtual, text[VirtualPrefix.Length..]) : default;
        return (isHost || isVirtual) && owner.Name.Length > 0;
    }

    public override string ToString() => $"{(Kind == BlockOwnerKind.Host ? HostPrefix : VirtualPrefix)}{Name}";
}
