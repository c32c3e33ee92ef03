using System.Runtime.CompilerServices;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>What the journal knows about a message and Serilog does not.</summary>
public static class LogExtensions
{
    internal const string Event = "Event", MessageId = "MessageId", CodeFile = "CodeFile", CodeLine = "CodeLine", CodeFunction = "CodeFunction";

    /// <summary>A logger for one message of this kind, with the place it is written at: <c>log.Of(Events.InSync).Information("in sync at revision {Revision}", r)</c>.</summary>
    public static ILogger Of(
        this ILogger log, LogEventKind kind, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0, [CallerMemberName] string function = "") =>
        log.ForContext(new Place(kind, file, line, function));

    private sealed class Place(LogEventKind kind, string file, int line, string function) : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            logEvent.AddPropertyIfAbsent(new LogEventProperty(Event, new ScalarValue(kind.Name)));
            logEvent.AddPropertyIfAbsent(new LogEventProperty(MessageId, new ScalarValue(kind.MessageId.ToString("N"))));
            logEvent.AddPropertyIfAbsent(new LogEventProperty(CodeFile, new ScalarValue(file)));
            logEvent.AddPropertyIfAbsent(new LogEventProperty(CodeLine, new ScalarValue(line)));
            logEvent.AddPropertyIfAbsent(new LogEventProperty(CodeFunction, new ScalarValue(function)));
        }
    }
}
