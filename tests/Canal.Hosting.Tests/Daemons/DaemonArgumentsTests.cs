namespace Canal.Hosting.Tests.Daemons;

public sealed class DaemonArgumentsTests
{
    [Theory]
    [InlineData("", null, null)]
    [InlineData("--reload", "--reload", null)]
    [InlineData("-h", "--help", null)]
    [InlineData("--config-dir /x --reload", "--reload", "/x")]
    [InlineData("--reload --config-dir=/x", "--reload", "/x")]
    public void A_command_and_a_directory_in_any_order(string line, string? option, string? directory) =>
        Assert.Equal(new DaemonArguments(option, directory, null), Parse(line));

    [Theory]
    [InlineData("--relaod", "unknown argument --relaod")]
    [InlineData("reload", "unknown argument reload")]
    [InlineData("--config-dir", "unknown argument --config-dir")]
    [InlineData("--reload --help", "--help: only one command at a time")]
    public void Anything_else_is_refused(string line, string error) => Assert.Equal(new DaemonArguments(null, null, error), Parse(line));

    private static DaemonArguments Parse(string line) =>
        DaemonArguments.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), ["--reload", "--help"]);
}
