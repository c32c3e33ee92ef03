using Canal.Core.Addressing;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Matches of addresses: in a prefix, in a set, concatenated with protocol and port.</summary>
public sealed partial class NftRuleBuilder
{
    /// <summary><c>ip saddr 10.0.0.0/8</c></summary>
    public NftRuleBuilder Saddr(Cidr prefix, NftOperator operation = NftOperator.Equal) => Address(AddressField.Source, prefix, operation);

    /// <summary><c>ip daddr 10.0.0.0/8</c></summary>
    public NftRuleBuilder Daddr(Cidr prefix, NftOperator operation = NftOperator.Equal) => Address(AddressField.Destination, prefix, operation);

    /// <summary><c>ip saddr { 10.0.0.0/8, 192.168.0.0/16 }</c>; all of one family.</summary>
    public NftRuleBuilder Saddr(ReadOnlySpan<Cidr> prefixes, NftOperator operation = NftOperator.Equal) => Address(AddressField.Source, prefixes, operation);

    /// <summary><c>ip daddr { 10.0.0.0/8, 192.168.0.0/16 }</c>; all of one family.</summary>
    public NftRuleBuilder Daddr(ReadOnlySpan<Cidr> prefixes, NftOperator operation = NftOperator.Equal) =>
        Address(AddressField.Destination, prefixes, operation);

    /// <summary><c>ip saddr @set</c>: hosts or intervals. The set's key tells the family.</summary>
    public NftRuleBuilder Saddr(NftSet set, NftOperator operation = NftOperator.Equal) => Address(AddressField.Source, set, operation);

    /// <summary><c>ip daddr @set</c></summary>
    public NftRuleBuilder Daddr(NftSet set, NftOperator operation = NftOperator.Equal) => Address(AddressField.Destination, set, operation);

    /// <summary><c>ip saddr . meta l4proto . th sport @set</c></summary>
    public NftRuleBuilder SaddrProtocolSport(NftSet set, NftOperator operation = NftOperator.Equal) =>
        AddressProtocolPort(AddressField.Source, PortField.Source, set, operation);

    /// <summary><c>ip saddr . meta l4proto . th dport @set</c></summary>
    public NftRuleBuilder SaddrProtocolDport(NftSet set, NftOperator operation = NftOperator.Equal) =>
        AddressProtocolPort(AddressField.Source, PortField.Destination, set, operation);

    /// <summary><c>ip daddr . meta l4proto . th dport @set</c></summary>
    public NftRuleBuilder DaddrProtocolDport(NftSet set, NftOperator operation = NftOperator.Equal) =>
        AddressProtocolPort(AddressField.Destination, PortField.Destination, set, operation);

    private enum AddressField
    {
        Source,
        Destination,
    }

    private enum PortField
    {
        Source = 0,
        Destination = 2,
    }

    private NftRuleBuilder Address(AddressField field, Cidr prefix, NftOperator operation)
    {
        RequireFamily(prefix.Family);
        Span<byte> address = stackalloc byte[16];
        address = address[..prefix.Address.WriteBytes(address)];
        // nft loads whole bytes short and needs no mask; it does not do so for /0.
        int loaded = prefix.Length % 8 == 0 && prefix.Length > 0 ? prefix.Length / 8 : address.Length;
        NftExpressionWriter writer = Expressions(3);
        writer.Payload(NFT_PAYLOAD_NETWORK_HEADER, Offset(field, prefix.Family), loaded, 1);
        if (prefix.Length < loaded * 8) writer.Bitwise(Mask(prefix), new byte[loaded]);
        writer.Compare((uint)operation, address[..loaded]);
        return this;
    }

    private NftRuleBuilder Address(AddressField field, ReadOnlySpan<Cidr> prefixes, NftOperator operation)
    {
        if (prefixes.IsEmpty) throw new ArgumentException("no prefix to match", nameof(prefixes));
        if (prefixes.Length == 1) return Address(field, prefixes[0], operation);
        foreach (Cidr prefix in prefixes) RequireFamily(prefix.Family);
        LoadAddress(field, prefixes[0].Family);
        return Lookup(NftAnonymousSet.OfPrefixes(NftKeyType.Address(prefixes[0].Family), prefixes), operation);
    }

    private NftRuleBuilder Address(AddressField field, NftSet set, NftOperator operation)
    {
        IpFamily of = set.Key == NftKeyType.Ipv6 ? IpFamily.V6 : IpFamily.V4;
        RequireMembers(set, NftKeyType.Address(of));
        RequireFamily(of);
        LoadAddress(field, of);
        Expressions().Lookup(set.Name, operation);
        return this;
    }

    private NftRuleBuilder AddressProtocolPort(AddressField address, PortField port, NftSet set, NftOperator operation)
    {
        IpFamily of = set.Key == NftKeyType.Ipv6ProtocolPort ? IpFamily.V6 : IpFamily.V4;
        RequireMembers(set, NftKeyType.AddressProtocolPort(of));
        RequireFamily(of);
        LoadAddress(address, of);
        int word = of.Bytes / 4;
        NftExpressionWriter writer = Expressions(3);
        writer.Meta(NFT_META_L4PROTO, NftExpressionWriter.Register(word));
        writer.Payload(NFT_PAYLOAD_TRANSPORT_HEADER, (int)port, 2, NftExpressionWriter.Register(word + 1));
        writer.Lookup(set.Name, operation);
        return this;
    }

    private void LoadAddress(AddressField field, IpFamily of) => Expressions().Payload(NFT_PAYLOAD_NETWORK_HEADER, Offset(field, of), of.Bytes, 1);

    /// <summary>Where the address stands in the header: RFC 791, RFC 8200.</summary>
    private static int Offset(AddressField field, IpFamily of) => (field, of) switch
    {
        (AddressField.Source, IpFamily.V4) => 12,
        (AddressField.Destination, IpFamily.V4) => 16,
        (AddressField.Source, _) => 8,
        _ => 24,
    };

    private static byte[] Mask(Cidr prefix)
    {
        byte[] mask = new byte[prefix.Family.Bytes];
        for (int bit = 0; bit < prefix.Length; bit++) mask[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return mask;
    }
}
