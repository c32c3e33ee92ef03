using System.Collections.Immutable;
using System.Text;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>What a run of canalctl has around it, so that tests can give it another.</summary>
/// <param name="Input">What <c>-f -</c> reads.</param>
/// <param name="Output">For data only.</param>
/// <param name="Error">For everything said to a person.</param>
/// <param name="Environment">The environment variables.</param>
/// <param name="Time">What creation timestamps are taken from.</param>
internal sealed record Surroundings(Stream Input, TextWriter Output, TextWriter Error, ImmutableDictionary<string, string> Environment, TimeProvider Time)
{
    /// <summary>Where calicoctl has its configuration.</summary>
    public string CalicoctlFile { get; init; } = "/etc/calico/calicoctl.cfg";

    public static Surroundings OfProcess() => new(
        Console.OpenStandardInput(),
        Buffered(Console.OpenStandardOutput()),
        Buffered(Console.OpenStandardError()),
        ProcessEnvironment.Read(),
        TimeProvider.System);

    /// <summary>Says one line to the person, with what came from outside made harmless to a terminal.</summary>
    public void Say(string line)
    {
        Error.Write(EscapedText.Of(line));
        Error.Write('\n');
        Error.Flush();
    }

    // Not Console.Out, which flushes after every write: a long table would be a system call for every cell.
    private static StreamWriter Buffered(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 16 * 1024);
}
