using System.Reflection;

namespace Canal.Hosting;

/// <summary>What all programs call themselves.</summary>
public static class Product
{
    /// <summary>The version they were built as, without the revision they were built from.</summary>
    public static string Version { get; } =
        (typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];
}
