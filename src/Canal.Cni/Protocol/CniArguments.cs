namespace Canal.Cni;

/// <summary>CNI_ARGS: <c>K=V;K2=V2</c>.</summary>
internal sealed class CniArguments
{
    /// <summary>The ones that mean something here.</summary>
    private static readonly string[] Known =
        ["IgnoreUnknown", "IP", "MAC", "K8S_POD_NAMESPACE", "K8S_POD_NAME", "K8S_POD_INFRA_CONTAINER_ID", "K8S_POD_UID", "CANAL_NAMESPACE", "CANAL_LABELS"];

    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    public string this[string name] => values.GetValueOrDefault(name, "");

    public static CniArguments Parse(string text)
    {
        CniArguments arguments = new();
        foreach (string pair in text.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            int at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0) throw new CniException(CniCode.Environment, $"CNI_ARGS: '{pair}' is not KEY=VALUE");
            arguments.values[pair[..at]] = pair[(at + 1)..];
        }
        bool ignore = arguments["IgnoreUnknown"] is "1" or "true" or "True" or "TRUE" or "t" or "T";
        if (!ignore && arguments.values.Keys.FirstOrDefault(key => !Known.Contains(key)) is { } unknown)
            throw new CniException(CniCode.Environment, $"CNI_ARGS: unknown argument {unknown}", "IgnoreUnknown=1 would pass it over");
        return arguments;
    }
}
