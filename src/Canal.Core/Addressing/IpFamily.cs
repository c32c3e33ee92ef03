namespace Canal.Core.Addressing;

/// <summary>The two address families. Every algorithm takes one as a parameter; none is written twice.</summary>
public enum IpFamily : byte
{
    V4 = 4,
    V6 = 6,
}

/// <summary>Sizes that differ between the families.</summary>
public static class IpFamilyExtensions
{
    extension(IpFamily family)
    {
        /// <summary>Address width: 32 or 128.</summary>
        public int Bits => family == IpFamily.V4 ? 32 : 128;

        /// <summary>Address width in bytes: 4 or 16.</summary>
        public int Bytes => family == IpFamily.V4 ? 4 : 16;
    }
}
