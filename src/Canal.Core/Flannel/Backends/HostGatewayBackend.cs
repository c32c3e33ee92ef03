namespace Canal.Core.Flannel;

/// <summary>A route through each host, which must be on the same link: nothing is wrapped.</summary>
public sealed record HostGatewayBackend() : FlannelBackend("host-gw");
