using Canal.Core.Labels;

namespace Canal.Core.Tests.Labels;

/// <summary>Short spellings for what these tests need everywhere.</summary>
internal static class Sample
{
    public static Selector Selector(string text) =>
        Core.Labels.Selector.TryParse(text, out Selector? selector, out SelectorError? error) ? selector : throw new ArgumentException($"{text}: {error}");

    /// <summary>Labels written as <c>a=x b=</c>.</summary>
    public static Dictionary<string, string> Labels(string text) => text
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[1]);
}
