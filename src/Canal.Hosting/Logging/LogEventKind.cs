namespace Canal.Hosting;

/// <summary>A kind of message that operators look for: a name (<c>CANAL_EVENT</c>) and the 128-bit id under which the journal's catalogue explains it (<c>MESSAGE_ID</c>).</summary>
/// <param name="Name">Lower case with hyphens: <c>policy-applied</c>.</param>
/// <param name="MessageId">Made once with <c>systemd-id128 new</c>; never changes afterwards.</param>
public sealed record LogEventKind(string Name, Guid MessageId)
{
    /// <param name="id">32 hexadecimal digits.</param>
    public static LogEventKind Of(string name, string id) => new(name, Guid.ParseExact(id, "N"));
}
