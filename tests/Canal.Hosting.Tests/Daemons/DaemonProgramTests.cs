namespace Canal.Hosting.Tests.Daemons;

public sealed class DaemonProgramTests
{
    private static readonly DaemonProgram Program = new()
    {
        Schema = new ConfigurationSchema("sample", []),
        Summary = "The sample agent.",
        Afterwards = "all goes on when it ends.",
        Commands = [DaemonCommand.Reload, new DaemonCommand("--tidy", "remove everything", _ => Task.FromResult(7))],
        Run = (_, _) => Task.FromResult(0),
    };

    [Fact]
    public void Usage_names_every_command_in_one_column() => Assert.Equal("""
        Usage: canal-sample [--config-dir DIR] [COMMAND]

        The sample agent.

        Without a command it runs in the foreground until SIGTERM; all goes on when it ends.
          --reload          ask the running agent to read its configuration again, and wait until it has
          --tidy            remove everything
          --version         print the version
          --help            print this
          --config-dir DIR  where canal.toml and sample.toml are (default /etc/canal)

        """, Program.Usage());

    [Fact]
    public async Task A_command_decides_the_exit_code() => Assert.Equal(7, await Program.RunAsync(["--tidy"]));

    [Fact]
    public async Task Wrong_arguments_are_not_run() => Assert.Equal(ExitCode.Usage, await Program.RunAsync(["--tidy", "--reload"]));
}
