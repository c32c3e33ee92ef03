using System.Collections.Immutable;
using System.Text;

namespace Canal.Ctl.Tests;

/// <summary>Standard output of a run that goes on, to be looked at meanwhile.</summary>
internal sealed class LiveText : TextWriter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly StringBuilder text = new();

    public override Encoding Encoding => Encoding.UTF8;

    public string Text
    {
        get
        {
            lock (gate)
                return text.ToString();
        }
    }

    public override void Write(char value)
    {
        lock (gate)
            text.Append(value);
    }

    /// <summary>Runs canalctl with this as its output.</summary>
    public Task<int> RunAsync(string[] arguments, CancellationToken stop) => Task.Run(
        () => Canalctl.RunAsync(arguments, new Surroundings(Stream.Null, this, Null, ImmutableDictionary<string, string>.Empty.Add("CONFIGURATION_DIRECTORY", "/nonexistent"), TimeProvider.System), stop),
        CancellationToken.None);

    /// <summary>Waits until it holds a text.</summary>
    public async Task HoldsAsync(string wanted)
    {
        using CancellationTokenSource enough = new(Patience);
        while (!Text.Contains(wanted, StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(20), enough.Token);
    }
}
