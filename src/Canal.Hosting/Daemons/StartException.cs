namespace Canal.Hosting;

/// <summary>
/// A daemon cannot start as its configuration says: it names files, sockets or addresses that cannot be had. Ends with <see cref="ExitCode.Configuration"/>,
/// so that the supervisor does not try again. Nothing that happens later is one.
/// </summary>
public sealed class StartException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Makes a part of the daemon.</summary>
    public static T For<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(e.Message, e);
        }
    }
}
