using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>The options of commands that show lines, and go on showing them when asked to: <c>--follow</c>, <c>--for</c> and <c>--output</c>.</summary>
internal sealed class FollowOptions(string followed)
{
    private readonly Option<bool> follow = new("--follow", "-f") { Description = followed };
    private readonly Option<string> duration = new("--for") { Description = "With -f: end with 0 after this long.", HelpName = "DURATION" };
    private readonly Option<string> output = new("--output", "-o") { Description = "table; json: an object on each line.", HelpName = "FORMAT", DefaultValueFactory = _ => "table" };

    public void AddTo(Command command)
    {
        command.Add(follow);
        command.Add(duration);
        command.Add(output);
    }

    /// <summary>Whether lines are JSON, and how long to go on; zero for one look.</summary>
    public (bool Json, TimeSpan Longest) Read(ParseResult parsed)
    {
        string format = parsed.GetValue(output)!;
        if (format is not ("table" or "json"))
            throw CommandException.Usage($"-o: {Problem.Quote(format)} is not table or json");
        TimeSpan longest = TimeSpan.MaxValue;
        if (parsed.GetValue(duration) is { } text && !DurationText.TryParse(text, out longest))
            throw CommandException.Usage($"--for: {Problem.Quote(text)} is not a duration");
        return (format == "json", parsed.GetValue(follow) ? longest : TimeSpan.Zero);
    }
}
