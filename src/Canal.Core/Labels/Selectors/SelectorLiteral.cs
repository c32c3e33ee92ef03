using System.Text;

namespace Canal.Core.Labels;

/// <summary>How a value is spelled: double quotes unless it contains one. There are no escapes, so a value with both kinds cannot be written.</summary>
internal static class SelectorLiteral
{
    public static void WriteTo(StringBuilder text, string value)
    {
        char quote = value.Contains('"') ? '\'' : '"';
        text.Append(quote).Append(value).Append(quote);
    }
}
