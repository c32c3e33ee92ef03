namespace Canal.Hosting;

/// <summary>What <see cref="HttpEndpoint"/> sends for a path.</summary>
/// <param name="Status">200, 204, 503 and their like.</param>
public sealed record HttpAnswer(int Status, string Body = "", string ContentType = "text/plain; charset=utf-8");
