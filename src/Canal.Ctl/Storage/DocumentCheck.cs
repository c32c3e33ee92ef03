using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Checks what somebody wrote, before etcd is asked for anything.</summary>
internal static class DocumentCheck
{
    /// <summary>The profile that exists everywhere without being stored.</summary>
    private const string DefaultAllow = "projectcalico-default-allow";

    /// <summary>Everything wrong with the document, by the paths of its fields.</summary>
    public static void Check(WantedResource wanted, List<Problem> problems)
    {
        if (wanted.Kind.Kind == ResourceKind.Profile && wanted.Name == DefaultAllow)
            problems.Add(new Problem("metadata.name", $"{DefaultAllow} is built in and cannot be written"));
        ResourceDocument complete = wanted.Document.Clone();
        foreach (Problem problem in ResourceDefaults.Apply(complete))
            problems.Add(problem);
        // As text and back: a number that a default put there is of a type of its own, and the validation expects what a parser gives.
        ResourceDocument stored = ResourceDocument.Parse(complete.ToBytes(), out Problem broken)
            ?? throw new InvalidOperationException($"a document does not survive being written: {broken}");
        foreach (Problem problem in ResourceValidation.Validate(stored))
            problems.Add(problem);
    }
}
