using Canal.Core.Policy;

namespace Canal.Felix.Revocation;

/// <summary>What one end of a connection says of it.</summary>
/// <param name="Endpoint"><c>default/host-a-k8s-w0-eth0</c>, or the name of a host endpoint; empty for a host that no host endpoint governs.</param>
/// <param name="Allowed">It lets such a connection begin.</param>
/// <param name="Decision">The rule or the end that decided; null when none did.</param>
/// <param name="Reason">Why it is not a matter of policy, when no decision is there.</param>
internal sealed record FlowEnd(string Endpoint, bool Allowed, Decision? Decision, string Reason = "");
