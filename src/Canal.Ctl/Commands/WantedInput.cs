using System.CommandLine;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Reads the files of a command and says everything that is wrong with them.</summary>
internal static class WantedInput
{
    /// <summary>The resources; null after saying why some cannot be used.</summary>
    /// <param name="source">The options that name the files.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="check">What more to look at in each; adds problems.</param>
    /// <param name="around">Where standard input is read, and errors are said.</param>
    public static IReadOnlyList<WantedResource>? Read(
        SourceOptions source, ParseResult parsed, Action<WantedResource, List<Problem>> check, Surroundings around)
    {
        Input input = source.Read(parsed, around);
        WantedReader reader = new(source.Namespace(parsed));
        List<WantedResource> read = [];
        List<string> errors = [.. input.Errors];
        foreach (SourceDocument document in input.Documents)
        {
            List<Problem> problems = [];
            WantedResource? wanted = reader.Read(document, problems);
            if (wanted is not null)
                check(wanted, problems);
            string where = wanted?.Where ?? Where(document);
            errors.AddRange(problems.Select(problem => $"{where}: {problem}"));
            if (wanted is not null)
                read.Add(wanted);
        }
        foreach (string error in errors)
            around.Say(error);
        return errors.Count == 0 ? read : null;
    }

    private static string Where(SourceDocument source)
    {
        string name = $"{source.Document.Kind} {source.Document.Name}".Trim();
        return name.Length == 0 ? source.Origin.ToString() : $"{source.Origin}: {name}";
    }
}
