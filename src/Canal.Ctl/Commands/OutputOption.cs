using System.CommandLine;

namespace Canal.Ctl;

/// <summary><c>-o</c>.</summary>
internal static class OutputOption
{
    public static Option<OutputChoice> Define() => new("--output", "-o")
    {
        Description = "table, wide, yaml, json, name, custom-columns=NAME,HEADER:.path,... or jsonpath={.path}...",
        HelpName = "FORMAT",
        CustomParser = result => OutputChoice.Parse(result.Tokens[0].Value),
        DefaultValueFactory = _ => OutputChoice.Table,
    };
}
