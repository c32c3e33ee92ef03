using System.Collections;
using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>The process's environment as a value, read once and passed on, so that tests need not change their own.</summary>
public static class ProcessEnvironment
{
    public static ImmutableDictionary<string, string> Read() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToImmutableDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
}
