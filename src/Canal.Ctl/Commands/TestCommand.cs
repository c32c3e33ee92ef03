using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl test</c>: runs policy tests over documents, or over what is in etcd. Sends no packet.</summary>
internal sealed class TestCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly SourceOptions source = new();
    private readonly Argument<string[]> paths = new("TESTS") { Description = "Files of tests in TOML, or folders of such.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> output = new("--output", "-o") { Description = "text or junit.", HelpName = "FORMAT", DefaultValueFactory = _ => "text" };

    public TestCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("test", "Run policy tests over documents, or without -f over what is in etcd. Ends with 1 when one fails.") { paths, output };
        source.AddTo(Definition);
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(output) is not ("text" or "junit"))
            throw CommandException.Usage($"-o: {Problem.Quote(parsed.GetValue(output)!)} is not text or junit");
        if (ReadTests(parsed.GetValue(paths)!) is not { } files || await ClusterResources.ReadAsync(source, parsed, options, around, stop) is not { } resources)
            return ExitCode.Failure;
        (string File, IReadOnlyList<PolicyTestResult> Results)[] ran = [.. files.Select(file => (file.Path, (IReadOnlyList<PolicyTestResult>)[.. PolicyTestRun.Run(file, resources)]))];
        if (parsed.GetValue(output) == "junit")
            JunitReport.Write(ran, around.Output);
        else
            WriteText(ran.SelectMany(file => file.Results));
        PolicyTestResult[] all = [.. ran.SelectMany(file => file.Results)];
        int failed = all.Count(result => !result.Passed);
        around.Say($"{all.Length - failed} passed, {failed} failed");
        return failed == 0 && all.Length > 0 ? ExitCode.Ok : ExitCode.Failure;
    }

    private void WriteText(IEnumerable<PolicyTestResult> results)
    {
        foreach (PolicyTestResult result in results)
            around.Output.Write(EscapedText.Of($"{(result.Passed ? "ok    " : "FAILED")} {result.Test.Name}: {result.Detail}{(result.Passed ? "" : $" [{result.Test.Where}]")}") + "\n");
    }

    private List<PolicyTestFile>? ReadTests(string[] named)
    {
        List<PolicyTestFile> files = [];
        bool good = true;
        foreach (InputText text in named.SelectMany(path => InputText.ReadAll(path, recursive: false, around.Input, ".toml")))
        {
            PolicyTestFile file = text.Text is null ? new PolicyTestFile(text.Name, [], [], [$"{text.Name}: {text.Error}"]) : PolicyTestFile.Parse(text.Name, text.Text);
            foreach (string error in file.Errors)
                around.Say(error);
            good &= file.Errors.Count == 0;
            files.Add(file);
        }
        return good ? files : null;
    }
}
