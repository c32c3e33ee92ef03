using System.CommandLine.Completions;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl;

/// <summary>Completes the words of a command that names a kind and then resources: kinds from what is known here, names from etcd, for as long as
/// a person waits without noticing.</summary>
internal sealed class ResourceWords(GlobalOptions options, Surroundings around)
{
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(300);

    public IEnumerable<CompletionItem> Complete(CompletionContext context)
    {
        string[] words = [.. context.ParseResult.CommandResult.Children.OfType<System.CommandLine.Parsing.ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value)];
        // The word being typed is one of them already, unless it is still empty.
        int complete = words.Length > 0 && context.WordToComplete.Length > 0 && words[^1] == context.WordToComplete ? words.Length - 1 : words.Length;
        IEnumerable<string> found = complete == 0 ? KindWords.Plurals() : NamesOf(words[0], context);
        return found.Where(word => word.StartsWith(context.WordToComplete, StringComparison.Ordinal)).Select(word => new CompletionItem(word));
    }

    private IReadOnlyList<string> NamesOf(string word, CompletionContext context)
    {
        if (!ResourceKinds.TryFind(word, out ResourceKindEntry? kind))
            return [];
        try
        {
            using CancellationTokenSource enough = new(Budget);
            return ListAsync(kind!, context, enough.Token).WaitAsync(enough.Token).GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is OperationCanceledException or EtcdException or CommandException)
        {
            // A shell that completes has nowhere to show an error.
            return [];
        }
    }

    private async Task<IReadOnlyList<string>> ListAsync(ResourceKindEntry kind, CompletionContext context, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(context.ParseResult, options, around, stop);
        string? space = kind.Namespaced ? Namespace(context) : null;
        return [.. (await connection.Resources.ListAsync(kind, space, stop)).Resources.Select(resource => resource.DisplayName)];
    }

    private static string Namespace(CompletionContext context)
    {
        string[] words = [.. context.ParseResult.Tokens.Select(token => token.Value)];
        int at = Array.FindIndex(words, word => word is "-n" or "--namespace");
        return at >= 0 && at + 1 < words.Length ? words[at + 1] : WantedReader.DefaultNamespace;
    }
}
