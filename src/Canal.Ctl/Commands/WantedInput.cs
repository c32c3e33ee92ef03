using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Reads the files of a command and says everything that is wrong with them.</summary>
internal static class WantedInput
{
    /// <summary>The resources; null after saying why some cannot be used.</summary>
    /// <param name="paths">What -f names.</param>
    /// <param name="givenNamespace">From the command line; null for none.</param>
    /// <param name="check">What more to look at in each; adds problems.</param>
    /// <param name="around">Where standard input is read, and errors are said.</param>
    public static IReadOnlyList<WantedResource>? Read(
        IReadOnlyList<string> paths, string? givenNamespace, Action<WantedResource, List<Problem>> check, Surroundings around)
    {
        Input input = InputReader.Read(paths, around.Input);
        WantedReader reader = new(givenNamespace);
        List<WantedResource> read = [];
        List<string> errors = [.. input.Errors];
        foreach (SourceDocument source in input.Documents)
        {
            List<Problem> problems = [];
            WantedResource? wanted = reader.Read(source, problems);
            if (wanted is not null)
                check(wanted, problems);
            string where = wanted?.Where ?? Where(source);
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
