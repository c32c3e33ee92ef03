using System.Globalization;
using System.Text;
using Canal.Linux.Nftables;

namespace Canal.Testing.Nftables;

/// <summary>Prints a table as nft would, in the order of names.</summary>
internal static class FakeDump
{
    internal static string Print(FakeTable table)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"table inet {table.Name} {{\n");
        foreach (FakeSet set in table.Sets.Values.OrderBy(set => set.Description.Name, StringComparer.Ordinal)) Print(text, set);
        foreach (FakeChain chain in table.Chains.Values.OrderBy(chain => chain.Name, StringComparer.Ordinal)) Print(text, chain);
        return text.Append("}\n").ToString();
    }

    private static void Print(StringBuilder text, FakeSet set)
    {
        NftSet description = set.Description;
        text.Append(CultureInfo.InvariantCulture, $"\t{(description.IsMap ? "map" : "set")} {description.Name} {{\n");
        text.Append(CultureInfo.InvariantCulture, $"\t\ttype {description.Key}{(description.IsMap ? " : verdict" : "")}\n");
        if (description.Size > 0) text.Append(CultureInfo.InvariantCulture, $"\t\tsize {description.Size}\n");
        if (description.IsInterval) text.Append("\t\tflags interval\n");
        if (description.Comment is not null) text.Append(CultureInfo.InvariantCulture, $"\t\tcomment \"{description.Comment}\"\n");
        if (set.Keys.Count + set.Ranges.Count > 0) text.Append(CultureInfo.InvariantCulture, $"\t\telements = {set.ElementText()}\n");
        text.Append("\t}\n");
    }

    private static void Print(StringBuilder text, FakeChain chain)
    {
        text.Append(CultureInfo.InvariantCulture, $"\tchain {chain.Name} {{\n");
        if (chain.Comment.Length > 0) text.Append(CultureInfo.InvariantCulture, $"\t\tcomment \"{chain.Comment}\"\n");
        if (chain.Base is { } hook)
        {
            string name = hook.Hook.ToString().ToLowerInvariant(), policy = hook.Policy.ToString().ToLowerInvariant();
            text.Append(CultureInfo.InvariantCulture,
                $"\t\ttype {NftTransaction.TypeName(hook.Type)} hook {name} priority {hook.Priority}; policy {policy};\n");
        }
        foreach (FakeRule rule in chain.Rules) text.Append(CultureInfo.InvariantCulture, $"\t\t{rule}\n");
        text.Append("\t}\n");
    }
}
