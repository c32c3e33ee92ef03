using System.Net.Sockets;
using System.Text;

namespace Canal.BirdConfigRenderer.Tests.Loop;

/// <summary>What a BIRD answers on its control socket, without a BIRD behind it. That a real one answers so is what the live tests show.</summary>
internal sealed class FakeBird(string path) : IDisposable
{
    private readonly SortedDictionary<string, string> sessions = new(StringComparer.Ordinal);
    private readonly List<string> commands = [];
    private Socket? listener;
    private int boots;

    /// <summary>Commands so far.</summary>
    public int Count(string command)
    {
        lock (commands) return commands.Count(c => c == command);
    }

    /// <summary>The answer to the next <c>configure</c>s; null closes the connection instead.</summary>
    public string? ToConfigure { get; set; } = "0002-Reading configuration from x\n0003 Reconfigured\n";

    /// <summary>It takes connections and says nothing.</summary>
    public bool Hangs { get; set; }

    public void Start()
    {
        boots++;
        File.Delete(path);
        listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(8);
        _ = AcceptAsync(listener);
    }

    public void Stop()
    {
        listener?.Dispose();
        listener = null;
        File.Delete(path);
        lock (sessions) sessions.Clear();
    }

    /// <summary>A session as BIRD has it from now on.</summary>
    public void Set(string name, string state, string since, string lastError = "")
    {
        string up = state == "Established" ? "up" : "start";
        lock (sessions)
        {
            sessions[name] = $"1002-{name} BGP        ---        {up}     {since}  {state}\n1006-  BGP state:          {state}\n" + (lastError.Length > 0 ? $"       Last error:       {lastError}\n" : "")
                + "     Routes:         3 imported, 2 exported, 1 preferred\n";
        }
    }

    public void Dispose() => Stop();

    private async Task AcceptAsync(Socket from)
    {
        try
        {
            while (true) _ = ServeAsync(await from.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using NetworkStream stream = new(client, ownsSocket: true);
        using StreamReader reader = new(stream);
        try
        {
            if (!Hangs) await stream.WriteAsync("0001 BIRD 2.0.12 ready.\n"u8.ToArray());
            while (await reader.ReadLineAsync() is { } command)
            {
                lock (commands) commands.Add(command);
                if (Hangs) continue;
                if (Answer(command) is not { } answer) return;
                await stream.WriteAsync(Encoding.UTF8.GetBytes(answer));
            }
        }
        catch (IOException)
        {
            // The other side went away.
        }
    }

    private string? Answer(string command) => command switch
    {
        "restrict" => "0016 Access restricted\n",
        "show status" => $"1000-BIRD 2.0.12\n1011-Router ID is 10.0.0.1\n Last reboot on 2026-05-04 09:30:{boots:00}\n Last reconfiguration on 2026-05-04 09:31:00\n0013 Daemon is up and running\n",
        "show protocols all" => Protocols(),
        "configure" => ToConfigure,
        "graceful restart" => "0025 Graceful restart requested\n",
        _ => "9001 syntax error\n",
    };

    private string Protocols()
    {
        lock (sessions) return $"2002-Name       Proto      Table      State  Since         Info\n{string.Concat(sessions.Values)}0000 \n";
    }
}
