namespace Canal.Ctl;

/// <summary>One expectation of a test file: packets from every one of some ends to every one of others.</summary>
/// <param name="Where"><c>prod.toml:18</c></param>
/// <param name="Name">What it is called; made of the rest when the file does not say.</param>
/// <param name="From">As <c>trace --from</c>.</param>
/// <param name="To">As <c>trace --to</c>.</param>
/// <param name="Protocol">Its number.</param>
/// <param name="Port">The destination port, for protocols that have ports.</param>
/// <param name="Allowed">What is expected.</param>
internal sealed record PolicyTest(string Where, string Name, IReadOnlyList<string> From, IReadOnlyList<string> To, byte Protocol, ushort Port, bool Allowed);
