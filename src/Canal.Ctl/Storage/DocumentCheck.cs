using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Checks what somebody wrote, before etcd is asked for anything.</summary>
internal static class DocumentCheck
{
    /// <summary>The profile that exists everywhere without being stored.</summary>
    private const string DefaultAllow = "projectcalico-default-allow";

    /// <summary>The only name that resources have of which there is one in a cluster.</summary>
    private const string OnlyName = "default";

    private static readonly ResourceValidation Validation = new(SelectorProblem);

    /// <summary>Everything wrong with the document, by the paths of its fields.</summary>
    public static void Check(WantedResource wanted, List<Problem> problems)
    {
        if (wanted.Kind.Kind == ResourceKind.Profile && wanted.Name == DefaultAllow)
            problems.Add(new Problem("metadata.name", $"{DefaultAllow} is built in and cannot be written"));
        bool isOnly = wanted.Kind.Kind is ResourceKind.ClusterInformation or ResourceKind.IPAMConfiguration or ResourceKind.KubeControllersConfiguration;
        if (isOnly && wanted.Name != OnlyName)
            problems.Add(new Problem("metadata.name", $"the only {wanted.Kind.Name} is called {OnlyName}"));
        ResourceDocument complete = wanted.Document.Clone();
        foreach (Problem problem in ResourceDefaults.Apply(complete))
            problems.Add(problem);
        // As text and back: a number that a default put there is of a type of its own, and the validation expects what a parser gives.
        ResourceDocument stored = ResourceDocument.Parse(complete.ToBytes(), out Problem broken)
            ?? throw new InvalidOperationException($"a document does not survive being written: {broken}");
        foreach (Problem problem in Validation.Validate(stored))
            problems.Add(problem);
    }

    private static string? SelectorProblem(string text) => Selector.TryParse(text, out _, out SelectorError? error) ? null : $"at byte {error.Offset}: {error.Reason}";
}
