using System.CommandLine;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl validate</c>: what apply would refuse without asking etcd. It needs no etcd.</summary>
internal sealed class ValidateCommand
{
    private readonly Surroundings around;
    private readonly SourceOptions source = new();

    public ValidateCommand(Surroundings around)
    {
        this.around = around;
        Definition = new Command("validate", "Check documents without asking etcd.");
        source.AddTo(Definition);
        Definition.SetAction(Run);
    }

    public Command Definition { get; }

    private int Run(ParseResult parsed)
    {
        if (source.Files(parsed).Count == 0)
            throw CommandException.Usage("validate: -f FILE is missing");
        if (WantedInput.Read(source, parsed, DocumentCheck.Check, around) is not { } wanted)
            return ExitCode.Failure;
        foreach (WantedResource resource in wanted)
            around.Say($"valid {resource.Title}");
        return ExitCode.Ok;
    }
}
