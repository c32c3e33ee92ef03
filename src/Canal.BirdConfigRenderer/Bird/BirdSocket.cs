using System.Collections.Immutable;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>
/// BIRD's control socket: a line in, lines with codes out (bird(8), "Remote control"). <c>NNNN-</c> begins a line that more follow, <c>NNNN </c> the last one,
/// a blank continues a code, <c>+</c> is log output that nobody asked for here.
/// </summary>
internal sealed class BirdSocket : IDisposable
{
    private const int LongestCommand = 1022;
    private const int LongestReply = 64 << 20;

    private readonly Socket socket;
    private readonly StreamReader reader;

    private BirdSocket(Socket socket)
    {
        this.socket = socket;
        reader = new StreamReader(new NetworkStream(socket), new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false, bufferSize: 16 * 1024);
    }

    /// <summary>Connects, gives the commands one after another and hangs up; the answer to the last.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="longest">All of it takes no longer.</param>
    /// <param name="stop">Ends it.</param>
    /// <param name="commands">At least one.</param>
    /// <exception cref="IOException">BIRD does not run or does not answer in time; a sentence with the path.</exception>
    public static async Task<BirdReply> AskOnceAsync(string path, TimeSpan longest, CancellationToken stop, params IReadOnlyList<string> commands)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(longest);
        try
        {
            using BirdSocket bird = await ConnectAsync(path, patience.Token).ConfigureAwait(false);
            foreach (string command in commands.SkipLast(1)) await bird.AskAsync(command, patience.Token).ConfigureAwait(false);
            return await bird.AskAsync(commands[^1], patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new IOException($"BIRD does not answer on {path} within {longest.TotalSeconds} s");
        }
    }

    /// <summary>Connects and reads the greeting.</summary>
    /// <exception cref="IOException">BIRD does not answer there; a sentence with the path.</exception>
    public static async Task<BirdSocket> ConnectAsync(string path, CancellationToken cancel)
    {
        // Where systemd starts BIRD this is a link, which stays when the socket goes.
        if (!File.Exists(path) || File.ResolveLinkTarget(path, returnFinalTarget: true) is { Exists: false }) throw new IOException($"BIRD does not run: there is no {path}");
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel).ConfigureAwait(false);
            BirdSocket bird = new(socket);
            BirdReply greeting = await bird.ReadReplyAsync(cancel).ConfigureAwait(false);
            if (!greeting.Has(1)) throw new IOException($"{path}: what answers there is not BIRD");
            return bird;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            socket.Dispose();
            throw e as IOException ?? new IOException($"BIRD does not answer on {path}: {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Asks and waits for the whole answer.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task<BirdReply> AskAsync(string command, CancellationToken cancel)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(command + "\n");
        if (bytes.Length > LongestCommand || command.Contains('\n', StringComparison.Ordinal)) throw new ArgumentException("BIRD drops connections with longer commands", nameof(command));
        try
        {
            for (int sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent), cancel).ConfigureAwait(false);
            return await ReadReplyAsync(cancel).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new IOException($"BIRD hung up: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        reader.Dispose();
        socket.Dispose();
    }

    private async Task<BirdReply> ReadReplyAsync(CancellationToken cancel)
    {
        ImmutableArray<BirdLine>.Builder lines = ImmutableArray.CreateBuilder<BirdLine>();
        int code = 0, length = 0;
        while (true)
        {
            string line = await reader.ReadLineAsync(cancel).ConfigureAwait(false) ?? throw new IOException("BIRD hung up before it had answered");
            if ((length += line.Length) > LongestReply) throw new IOException($"BIRD's answer is longer than {LongestReply} characters");
            if (line.StartsWith('+')) continue;
            bool coded = IsCoded(line);
            if (!coded && !line.StartsWith(' ')) throw new IOException("BIRD's answer is not as its protocol says");
            if (coded) code = int.Parse(line.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture);
            lines.Add(new BirdLine(code, coded ? line[5..] : line[1..]));
            if (coded && line[4] == ' ') return new BirdReply(lines.ToImmutable());
        }
    }

    private static bool IsCoded(string line) => line.Length >= 5 && !line.AsSpan(0, 4).ContainsAnyExceptInRange('0', '9') && line[4] is ' ' or '-';
}
