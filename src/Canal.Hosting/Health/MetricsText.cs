using System.Globalization;
using System.Text;

namespace Canal.Hosting;

/// <summary>Numbers for scrapers, in Prometheus' text form (version 0.0.4).</summary>
public sealed class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder text = new();

    /// <summary>A number that goes up and down.</summary>
    public MetricsText Gauge(string name, string help, double value) => Head(name, "gauge", help).Line(name, "", value);

    /// <summary>A number that only grows, since the start.</summary>
    public MetricsText Counter(string name, string help, double value) => Head(name, "counter", help).Line(name, "", value);

    /// <summary>How often something was done and how long all of it took.</summary>
    public MetricsText Summary(string name, string help, long count, TimeSpan sum) =>
        Head(name, "summary", help).Line(name + "_sum", "", sum.TotalSeconds).Line(name + "_count", "", count);

    /// <summary>The head of a metric whose lines follow.</summary>
    /// <param name="name">Of the metric.</param>
    /// <param name="type"><c>gauge</c>, <c>counter</c> or <c>summary</c>.</param>
    /// <param name="help">One sentence, without line feeds or backslashes.</param>
    public MetricsText Head(string name, string type, string help)
    {
        text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");
        return this;
    }

    /// <summary>One line, with labels as Prometheus writes them: <c>kind="mesh",family="ipv4"</c>, or none.</summary>
    public MetricsText Line(string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
        text.Append(CultureInfo.InvariantCulture, $" {value}\n");
        return this;
    }

    /// <summary>A label's value, escaped.</summary>
    public static string Label(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    public override string ToString() => text.ToString();
}
