namespace Canal.Felix.Drops;

/// <summary>The names of what a denied packet's message has numbers for.</summary>
/// <param name="Endpoint"><c>default/host-a-k8s-w0-eth0</c>, or the name of a host endpoint; empty when it was no endpoint's policy.</param>
/// <param name="Input">Interface that it came in by; empty: this host sent it.</param>
/// <param name="Output">Interface that it was to leave by; empty: this host was to have it, or it was not known yet.</param>
internal sealed record DropPlace(string Endpoint, string Input, string Output)
{
    /// <summary>The policy's whole name, which the kernel's prefix has no room for; null where it is not known better.</summary>
    public string? Policy { get; init; }
}
