using System.Reflection;
using Canal.Hosting;
using Xunit;

namespace Canal.Testing;

/// <summary>The journal's catalogue, by which <c>journalctl -x</c> explains messages (catalog format: systemd's journal message catalogs).</summary>
public static class Catalogue
{
    /// <summary>Every kind of message that a program logs is explained in its file, and nothing else is.</summary>
    public static void Explains(Assembly program, string file)
    {
        const BindingFlags any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        IEnumerable<string> kinds = program.GetTypes().SelectMany(type => type.GetFields(any)).Where(field => field.FieldType == typeof(LogEventKind))
            .Select(field => ((LogEventKind)field.GetValue(null)!).MessageId.ToString("N"));
        IEnumerable<string> explained = File.ReadLines(Path.Combine(Repository.Root!, "systemd", file)).Where(line => line.StartsWith("-- ", StringComparison.Ordinal)).Select(line => line[3..]);
        Assert.Equal(kinds.Order(StringComparer.Ordinal), explained.Order(StringComparer.Ordinal));
    }
}
