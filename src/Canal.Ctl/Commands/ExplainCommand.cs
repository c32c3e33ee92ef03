using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl explain</c>: the fields of a kind and what they mean. It needs no etcd.</summary>
internal sealed class ExplainCommand
{
    private readonly Surroundings around;

    private readonly Argument<string> what = new("KIND[.FIELD...]") { HelpName = "KIND[.FIELD...]", Description = "A kind, and fields inside it with dots between: networkpolicy.spec.ingress.source. spec may be left out." };

    public ExplainCommand(Surroundings around)
    {
        this.around = around;
        what.CompletionSources.Add(_ => KindWords.Plurals().Select(word => new System.CommandLine.Completions.CompletionItem(word)));
        Definition = new Command("explain", "Show the fields of a kind and what they mean.") { what };
        Definition.SetAction(parsed => Run(parsed.GetValue(what)!));
    }

    public Command Definition { get; }

    private int Run(string text)
    {
        string[] parts = text.Split('.');
        ResourceKindEntry kind = KindWords.Find(parts[0]);
        string[] path = [.. parts[1..].Select(part => part.Replace("[]", "", StringComparison.Ordinal))];
        // The fields that people ask for are those of the spec.
        if (path.Length == 0 || path[0] is not ("spec" or "metadata" or "status" or "kind" or "apiVersion"))
            path = ["spec", .. path];
        if (ResourceFields.Inside(kind.Kind, path) is not { } fields)
            throw CommandException.Usage($"{kind.Name} has no field {string.Join('.', path)}{Suggest(kind.Kind, path)}");
        around.Output.Write($"{kind.Name} {string.Join('.', path)}{(kind.Namespaced ? " (in a namespace)" : "")}\n");
        if (path.Length > 1 && FieldTexts.Find(kind.Kind, path[^1]) is { } own)
            around.Output.Write($"  {own}\n");
        if (fields.Count > 0)
            around.Output.Write('\n');
        TableText.Write([.. fields.Select(field => (string[])[$"  {field.Name}{(field.HasFields ? "." : "")}", FieldTexts.Find(kind.Kind, field.Name) ?? "-"])], around.Output);
        return ExitCode.Ok;
    }

    private static string Suggest(ResourceKind kind, string[] path)
    {
        for (int known = path.Length - 1; known >= 0; known--)
        {
            if (ResourceFields.Inside(kind, path.Take(known)) is { } fields)
                return NearestWord.Suggest(path[known], fields.Select(field => field.Name));
        }
        return "";
    }
}
