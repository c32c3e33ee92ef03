namespace Canal.BirdConfigRenderer.Bird;

/// <summary>A session as BIRD has it.</summary>
/// <param name="Name">The protocol's name.</param>
/// <param name="State">BGP's word: Established, Active, Connect, Idle …</param>
/// <param name="Since">When the protocol came into its state, as BIRD writes it.</param>
/// <param name="LastError">Empty for none.</param>
/// <param name="Imported">Routes learned.</param>
/// <param name="Exported">Routes told.</param>
internal sealed record SessionState(string Name, string State, string Since, string LastError, int Imported, int Exported)
{
    public bool IsEstablished => State == "Established";
}
