using Canal.Core.Addressing;

namespace Canal.Testing.Conntrack;

/// <summary>
/// A UDP connection as connection tracking sees it: addresses and ports of the original direction, and who answers where a destination NAT is between.
/// </summary>
public sealed record FakeConnection(IpAddress From, ushort FromPort, IpAddress To, ushort ToPort, IpAddress? Answerer = null)
{
    public IpAddress Answers => Answerer ?? To;

    public override string ToString() => $"{From}:{FromPort} > {To}:{ToPort} answered by {Answers}";
}
