using System.Globalization;
using System.Text;
using Serilog.Events;
using Serilog.Parsing;

namespace Canal.Hosting;

/// <summary>Renders messages: strings without the quotes Serilog would put, values from outside escaped, the template's own text as it is.</summary>
internal static class LogText
{
    public static string Message(LogEvent logEvent)
    {
        StringBuilder text = new();
        foreach (MessageTemplateToken token in logEvent.MessageTemplate.Tokens)
        {
            if (token is PropertyToken property && logEvent.Properties.TryGetValue(property.PropertyName, out LogEventPropertyValue? value))
                text.Append(EscapedText.Of(Value(value, property.Format)));
            else
                text.Append(token);
        }
        return text.ToString();
    }

    /// <summary>The message as a line, and an exception on lines of its own; each begins so.</summary>
    public static string Lines(LogEvent logEvent, string start)
    {
        StringBuilder lines = new StringBuilder(start).Append(EscapedText.Of(Message(logEvent))).Append('\n');
        foreach (string line in logEvent.Exception?.ToString().Split('\n') ?? [])
            lines.Append(start).Append("  ").Append(EscapedText.Of(line.TrimEnd('\r'))).Append('\n');
        return lines.ToString();
    }

    /// <summary>The value as plain text, not escaped.</summary>
    public static string Value(LogEventPropertyValue value, string? format = null) => value switch
    {
        ScalarValue { Value: null } => "",
        ScalarValue { Value: string text } => text,
        ScalarValue { Value: IFormattable formattable } => formattable.ToString(format == "l" ? null : format, CultureInfo.InvariantCulture),
        ScalarValue { Value: bool boolean } => boolean ? "true" : "false",
        ScalarValue { Value: { } other } => other.ToString() ?? "",
        SequenceValue sequence => string.Join(", ", sequence.Elements.Select(element => Value(element))),
        _ => value.ToString(null, CultureInfo.InvariantCulture),
    };
}
