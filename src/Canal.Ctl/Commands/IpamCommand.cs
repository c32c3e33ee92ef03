using System.CommandLine;
using System.Globalization;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl ipam</c>: who has which addresses, what is wrong with that, and making addresses free.</summary>
internal sealed class IpamCommand
{
    private static readonly string[] Header = ["KIND", "CIDR", "TOTAL", "USED", "FREE", "OWNER"];

    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Option<string> address = new("--ip") { Description = "Only this address.", HelpName = "ADDRESS" };
    private readonly Option<bool> blocks = new("--show-blocks") { Description = "The blocks of each pool too." };
    private readonly Option<string> output = new("--output", "-o") { Description = "table or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "table" };
    private readonly Option<string[]> released = new("--ip") { Description = "Release this address, whoever has it. May be given more than once.", HelpName = "ADDRESS" };
    private readonly Option<string> report = new("--from-report") { Description = "Release the leaks in this output of ipam check -o json, if they still are what they were.", HelpName = "FILE" };

    public IpamCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Command show = new("show", "Show how full pools are, or who has an address.") { address, blocks };
        show.SetAction(ShowAsync);
        Command check = new("check", "Compare what is assigned with what is used. Ends with 1 when something is wrong.") { output };
        check.SetAction(CheckAsync);
        Command release = new("release", "Make addresses free.") { released, report };
        release.SetAction(ReleaseAsync);
        Definition = new Command("ipam", "Show, check and release assigned addresses.") { show, check, release };
    }

    public Command Definition { get; }

    private async Task<int> ShowAsync(ParseResult parsed, CancellationToken stop)
    {
        IpAddress? one = parsed.GetValue(address) is { } text ? Address(text) : null;
        await using Connection connection = Connection.Open(parsed, options, around);
        IpamState state = await IpamReader.ReadAsync(connection, around, stop);
        if (one is { } wanted)
            return ShowOne(wanted, state);
        List<string[]> rows = [Header];
        foreach (IpPool pool in state.Pools.OrderBy(pool => pool.Cidr))
        {
            IpamBlock[] inside = [.. state.Blocks.Values.Where(block => pool.Cidr.Contains(block.Cidr)).OrderBy(block => block.Cidr)];
            rows.Add(Row("pool", pool.Cidr, inside.Sum(IpamState.Used), pool.Key.Name));
            if (parsed.GetValue(blocks))
                rows.AddRange(inside.Select(block => Row("block", block.Cidr, IpamState.Used(block), block.Affinity?.ToString() ?? "-")));
        }
        TableText.Write(rows, around.Output);
        return ExitCode.Ok;
    }

    private int ShowOne(IpAddress wanted, IpamState state)
    {
        string user = state.Users.GetValueOrDefault(wanted) ?? "nobody";
        IpamBlock? block = AddressRelease.Keys(new ReleaseTarget(wanted)).Select(key => state.Blocks.GetValueOrDefault(key.Cidr)).FirstOrDefault(found => found is not null);
        IpamAttribute? attribute = block is not null && block.Allocations[(int)block.Cidr.OffsetOf(wanted)] is { } index ? block.Attributes[index] : null;
        List<string[]> rows = [["address", wanted.ToString()], ["assigned", attribute is null ? "no" : "yes"], ["used by", user]];
        if (block is not null)
            rows.Add(["block", $"{block.Cidr} of {block.Affinity?.ToString() ?? "nobody"}"]);
        if (attribute is not null)
            rows.Add(["handle", attribute.HandleId ?? "-"]);
        foreach ((string name, string value) in attribute?.Secondary ?? LabelMap.Empty)
            rows.Add([name, value]);
        TableText.Write(rows, around.Output);
        return attribute is null ? ExitCode.Failure : ExitCode.Ok;
    }

    private async Task<int> CheckAsync(ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(output) is not ("table" or "json"))
            throw CommandException.Usage($"-o: {Problem.Quote(parsed.GetValue(output)!)} is not table or json");
        await using Connection connection = Connection.Open(parsed, options, around);
        IpamState state = await IpamReader.ReadAsync(connection, around, stop);
        IReadOnlyList<IpamFinding> findings = IpamAudit.Check(state);
        if (parsed.GetValue(output) == "json")
            LeakReport.Write(findings, around.Output);
        else if (findings.Count > 0)
            TableText.Write([["FINDING", "SUBJECT", "REASON"], .. findings.Select(finding => (string[])[finding.Kind.ToString(), finding.Subject, finding.Sentence])], around.Output);
        around.Say(string.Create(CultureInfo.InvariantCulture,
            $"{state.Blocks.Count} blocks with {state.Blocks.Values.Sum(IpamState.Used)} assigned addresses, {state.Handles.Count} handles, {state.Claims.Count} claims: {findings.Count} findings"));
        return findings.Count == 0 ? ExitCode.Ok : ExitCode.Failure;
    }

    private async Task<int> ReleaseAsync(ParseResult parsed, CancellationToken stop)
    {
        string[] addresses = parsed.GetValue(released) ?? [];
        string? file = parsed.GetValue(report);
        if (addresses.Length > 0 == file is not null)
            throw CommandException.Usage("ipam release: give either --ip or --from-report");
        IReadOnlyList<ReleaseTarget> targets = file is null
            ? [.. addresses.Select(text => new ReleaseTarget(Address(text)))]
            : LeakReport.Read(InputText.ReadAll(file, recursive: false, around.Input).First());
        await using Connection connection = Connection.Open(parsed, options, around);
        using IpamStore ipam = new(connection.Etcd, around.Time, Random.Shared);
        Release done = await ipam.ReleaseAsync(targets, stop);
        foreach (IpAddress free in done.Released)
            around.Say($"released {free}");
        foreach (IpAddress free in done.Unallocated)
            around.Say($"{free}: was not assigned");
        foreach (IpAddress other in done.Refused)
            around.Say($"{other}: has been assigned anew since the report: left alone");
        return done.Refused.IsEmpty && (file is not null || done.Unallocated.IsEmpty) ? ExitCode.Ok : ExitCode.Failure;
    }

    private static string[] Row(string kind, Cidr cidr, int used, string owner)
    {
        int bits = cidr.Family.Bits - cidr.Length;
        UInt128 total = bits >= 127 ? UInt128.MaxValue : UInt128.One << bits;
        return [kind, cidr.ToString(), Number(total), $"{used.ToString(CultureInfo.InvariantCulture)} ({(double)used / (double)total:0%})", Number(total - (UInt128)used), owner];
    }

    // As calicoctl writes IPv6 pools: 5.1e+33 says more than its digits.
    private static string Number(UInt128 number) => number < 1_000_000_000_000 ? number.ToString(CultureInfo.InvariantCulture) : ((double)number).ToString("0.0e+0", CultureInfo.InvariantCulture);

    private static IpAddress Address(string text) =>
        IpAddress.TryParse(text, out IpAddress parsed) ? parsed : throw CommandException.Usage($"--ip: {Problem.Quote(text)} is not an address");
}
