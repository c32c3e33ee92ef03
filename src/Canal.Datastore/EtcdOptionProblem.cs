namespace Canal.Datastore;

/// <summary>One thing wrong with <see cref="EtcdOptions"/>.</summary>
/// <param name="Field">The field as written in the configuration: <c>endpoints[1]</c>, <c>cert_file</c>.</param>
/// <param name="Message">What is wrong and what would be right.</param>
public readonly record struct EtcdOptionProblem(string Field, string Message)
{
    /// <summary><c>field: message</c>.</summary>
    public override string ToString() => $"{Field}: {Message}";
}
