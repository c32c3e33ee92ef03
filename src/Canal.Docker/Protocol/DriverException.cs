using System.Net;

namespace Canal.Docker;

/// <summary>A request cannot be done. The message is a sentence that Docker shows to the person.</summary>
internal sealed class DriverException(string message, HttpStatusCode status = HttpStatusCode.InternalServerError) : Exception(message)
{
    public HttpStatusCode Status { get; } = status;
}
