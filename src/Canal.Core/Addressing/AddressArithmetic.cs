namespace Canal.Core.Addressing;

/// <summary>Counting addresses, in either family.</summary>
public static class AddressArithmetic
{
    extension(Cidr cidr)
    {
        /// <summary>The address this many after the prefix's first; must be inside.</summary>
        public IpAddress AddressAt(UInt128 offset)
        {
            UInt128 value = Number(cidr.Address) + offset;
            return new IpAddress(cidr.Family, (ulong)(value >> 64), (ulong)value);
        }

        /// <summary>How far an address inside is from the prefix's first.</summary>
        public UInt128 OffsetOf(IpAddress address) => Number(address) - Number(cidr.Address);

        /// <summary>How many prefixes of this length, at most 127 bits longer, it consists of.</summary>
        public UInt128 CountOf(int length) => UInt128.One << (length - cidr.Length);

        /// <summary>One of the prefixes of this length that it consists of.</summary>
        public Cidr PartAt(UInt128 index, int length) => new(cidr.AddressAt(index << (cidr.Family.Bits - length)), length);
    }

    private static UInt128 Number(IpAddress address) => new(address.High, address.Low);
}
