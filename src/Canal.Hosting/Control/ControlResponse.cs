namespace Canal.Hosting;

/// <summary>What a daemon answers on its control socket. On the wire: <c>ok</c> or <c>error SENTENCE</c>, a line feed, the body, end of stream.</summary>
/// <param name="Error">A sentence, or null when the request was done.</param>
/// <param name="Body">Lines of text for the operator; may be empty.</param>
public sealed record ControlResponse(string? Error, string Body)
{
    public static ControlResponse Ok(string body = "") => new(null, body);

    public static ControlResponse Failed(string sentence, string body = "") => new(sentence, body);

    internal string Encode() => (Error is null ? "ok\n" : $"error {EscapedText.Of(Error)}\n") + Body;

    /// <summary>Null when the text is no complete response, as when the daemon died while it answered.</summary>
    internal static ControlResponse? Decode(string text)
    {
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        string first = end < 0 ? "" : text[..end];
        return first == "ok" ? Ok(text[(end + 1)..])
            : first.StartsWith("error ", StringComparison.Ordinal) ? Failed(first["error ".Length..], text[(end + 1)..])
            : null;
    }
}
