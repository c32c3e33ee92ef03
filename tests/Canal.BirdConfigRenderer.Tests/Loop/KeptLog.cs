using System.Globalization;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Canal.BirdConfigRenderer.Tests.Loop;

/// <summary>A log that keeps its lines, read while it is written.</summary>
internal sealed class KeptLog : ILogEventSink
{
    private readonly List<string> lines = [];

    public KeptLog() => Logger = new LoggerConfiguration().MinimumLevel.Information().WriteTo.Sink(this).CreateLogger();

    public ILogger Logger { get; }

    /// <summary>Everything, a line each.</summary>
    public string Text
    {
        get
        {
            lock (lines) return string.Join('\n', lines);
        }
    }

    /// <summary>How many lines have the text.</summary>
    public int Count(string text)
    {
        lock (lines) return lines.Count(line => line.Contains(text, StringComparison.Ordinal));
    }

    public bool Has(string text) => Count(text) > 0;

    public void Emit(LogEvent logEvent)
    {
        lock (lines) lines.Add($"{logEvent.Level}: {logEvent.RenderMessage(CultureInfo.InvariantCulture).Replace("\"", "", StringComparison.Ordinal)}");
    }
}
