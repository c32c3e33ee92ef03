using System.Globalization;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Canal.Felix.Tests.Loop;

/// <summary>A log that keeps its lines.</summary>
internal sealed class LogLines : ILogEventSink
{
    private readonly List<string> lines = [];

    public LogLines() => Logger = new LoggerConfiguration().MinimumLevel.Information().WriteTo.Sink(this).CreateLogger();

    public ILogger Logger { get; }

    public IReadOnlyList<string> All => lines;

    public int Count(string text) => lines.Count(line => line.Contains(text, StringComparison.Ordinal));

    public void Emit(LogEvent logEvent)
    {
        lock (lines) lines.Add($"{logEvent.Level}: {logEvent.RenderMessage(CultureInfo.InvariantCulture).Replace("\"", "", StringComparison.Ordinal)}");
    }
}
