using Canal.Datastore;

namespace Canal.BirdConfigRenderer;

/// <summary>Something that the configuration names cannot be had: files, sockets, addresses. Nothing that happens later is one.</summary>
internal sealed class StartException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>Makes a part of the daemon.</summary>
    public static T For<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (Exception e) when (e is EtcdException or IOException or UnauthorizedAccessException)
        {
            throw new StartException(e.Message, e);
        }
    }
}
