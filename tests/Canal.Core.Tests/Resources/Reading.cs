using System.Text;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

/// <summary>Short ways to read values in tests.</summary>
internal static class Reading
{
    public static ResourceKey Key(ResourceKind kind, string name = "x") => new(kind, ResourceKinds.Of(kind).Namespaced ? "prod" : null, name);

    public static Decoded Decode(ResourceKind kind, string json) => ResourceCodec.Decode(Key(kind), Encoding.UTF8.GetBytes(json), new StringPool());

    public static Decoded DecodeSpec(ResourceKind kind, string spec) => Decode(kind, $$"""{"metadata":{"name":"x"},"spec":{{spec}}}""");

    /// <summary>Reads a spec that has to be without any problem.</summary>
    public static T Good<T>(ResourceKind kind, string spec) where T : Resource
    {
        Decoded decoded = DecodeSpec(kind, spec);
        Assert.Empty(decoded.Problems);
        return Assert.IsType<T>(decoded.Resource);
    }

    /// <summary>Reads a spec that has to be unusable; returns what was wrong.</summary>
    public static string Bad(ResourceKind kind, string spec)
    {
        Decoded decoded = DecodeSpec(kind, spec);
        Assert.Null(decoded.Resource);
        return Assert.Single(decoded.Problems).ToString();
    }

    public static Rule Rule(string json) => Good<GlobalNetworkPolicy>(ResourceKind.GlobalNetworkPolicy, $$"""{"ingress":[{{json}}]}""").Spec.Ingress[0];

    public static string BadRule(string json) => Bad(ResourceKind.GlobalNetworkPolicy, $$"""{"ingress":[{{json}}]}""");
}
