using Canal.Hosting;

namespace Canal.Felix.Configuration;

/// <summary>
/// A parameter's value as Calico writes it, in the words of a setting: durations may be bare seconds, truth may be <c>yes</c>, words come in any case.
/// What cannot be translated stays as it is and is refused with the setting's own sentence.
/// </summary>
internal static class FelixText
{
    private static readonly string[] True = ["true", "1", "yes", "y", "t"];
    private static readonly string[] False = ["false", "0", "no", "n", "f"];

    public static string Of(Setting setting, string text) => setting switch
    {
        DurationSetting => IsBareNumber(text) ? text + "s" : text,
        BoolSetting => Truth(text),
        EnumSetting<Serilog.Events.LogEventLevel> => Severity(text),
        EnumSetting<OverlayUse> words => Word(words.Words, Truth(text)),
        EnumSetting<DataplaneKind> => Dataplane(text),
        IWords words => Word(words.Words, text),
        _ => text,
    };

    /// <summary>Calico's NFTablesMode.</summary>
    private static string Dataplane(string text) => text.ToLowerInvariant() switch
    {
        "enabled" => "nftables",
        "disabled" => "iptables",
        "auto" => "auto",
        _ => text,
    };

    private static string Truth(string text) =>
        True.Contains(text, StringComparer.OrdinalIgnoreCase) ? "true" : False.Contains(text, StringComparer.OrdinalIgnoreCase) ? "false" : text;

    private static bool IsBareNumber(string text) => text.Length > 0 && text.All(c => char.IsAsciiDigit(c) || c == '.');

    private static string Word(IEnumerable<string> words, string text) => words.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase)) ?? text;

    /// <summary>Calico's severities; there is nothing below debug here, and nothing above error.</summary>
    private static string Severity(string text) => text.ToLowerInvariant() switch
    {
        "trace" => "debug",
        "fatal" => "error",
        string word => word,
    };
}
