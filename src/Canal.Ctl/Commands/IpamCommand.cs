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

    private const int MostTries = 5;

    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Option<string> address = new("--ip") { Description = "Only this address.", HelpName = "ADDRESS" };
    private readonly Option<bool> blocks = new("--show-blocks") { Description = "The blocks of each pool too." };
    private readonly Option<bool> borrowed = new("--show-borrowed") { Description = "The addresses that a host has from another's block." };
    private readonly Option<bool> configuration = new("--show-configuration") { Description = "The settings of address management." };
    private readonly Option<string> output = new("--output", "-o") { Description = "table; json; or a file that is to hold the report.", HelpName = "FORMAT|FILE", DefaultValueFactory = _ => "table" };
    private readonly Option<bool> everything = new("--show-all-ips") { Description = "Every assigned address, with its handle and who uses it." };

    // calicoctl tells only numbers unless it is asked; here what is wrong is always told.
    private readonly Option<bool> problems = new("--show-problem-ips") { Hidden = true };

    // For calicoctl to ask Kubernetes who uses addresses; here endpoints and nodes in etcd say so.
    private readonly Option<string> kubeconfig = new("--kubeconfig") { Hidden = true };

    // calicoctl releases nothing of a report while the cluster is not locked unless it is forced; here each address is compared with the report as it is released.
    private readonly Option<bool> force = new("--force") { Hidden = true };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Say what would be mended." };
    private readonly Option<bool?> strict = new("--strictaffinity") { Description = "Whether hosts take addresses from their own blocks only.", HelpName = "true|false" };
    private readonly Option<int?> most = new("--maxblocks", "--max-blocks-per-host") { Description = "How many blocks a host may have; 0 for no limit. Needs strict affinity.", HelpName = "N" };
    private readonly Option<bool?> automatic = new("--autoallocate") { Description = "Whether hosts get blocks by themselves when they need them.", HelpName = "true|false" };

    // Of calicoctl, and of no meaning here: told, not overlooked.
    private readonly Option<string> cooldown = new("--ip-cooldown-seconds") { Hidden = true };
    private readonly Option<string> persistence = new("--kubevirt-ip-persistence") { Hidden = true };
    private readonly Option<string[]> released = new("--ip") { Description = "Release this address, whoever has it. May be given more than once.", HelpName = "ADDRESS" };
    private readonly Option<string[]> reports = new("--from-report") { Description = "Release the leaks in this output of ipam check -o json, if they still are what they were; of several, those that are in all.", HelpName = "FILE" };

    public IpamCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Command show = new("show", "Show how full pools are, or who has an address.") { address, blocks, borrowed, configuration };
        show.SetAction(ShowAsync);
        Command check = new("check", "Compare what is assigned with what is used. Ends with 1 when something is wrong.") { output, everything, problems, kubeconfig };
        check.SetAction(CheckAsync);
        Command release = new("release", "Make addresses free.") { released, reports, force };
        release.SetAction(ReleaseAsync);
        Command repair = new("repair", "Mend what ipam check finds, but leaks. Ends with 1 when something is left.") { dryRun };
        repair.SetAction(RepairAsync);
        Command configure = new("configure", "Change settings of address management.") { strict, most, automatic, cooldown, persistence };
        configure.SetAction(ConfigureAsync);
        Definition = new Command("ipam", "Show, check, release and configure assigned addresses.") { show, check, release, repair, configure, new PoolSplit(options, around).Definition };
    }

    public Command Definition { get; }

    private async Task<int> ShowAsync(ParseResult parsed, CancellationToken stop)
    {
        IpAddress? one = parsed.GetValue(address) is { } text ? Address(text) : null;
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        if (parsed.GetValue(configuration))
            return ShowConfiguration((await new IpamSettings(connection.Etcd).ReadAsync(stop)).Config);
        IpamState state = await IpamReader.ReadAsync(connection, around, stop);
        if (one is { } wanted)
            return ShowOne(wanted, state);
        if (parsed.GetValue(borrowed))
            return ShowBorrowed(state);
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

    private int ShowConfiguration(IpamConfig config)
    {
        TableText.Write(
            [["PROPERTY", "VALUE"], ["StrictAffinity", Word(config.StrictAffinity)], ["AutoAllocateBlocks", Word(config.AutoAllocateBlocks)], ["MaxBlocksPerHost", config.MaxBlocksPerHost.ToString(CultureInfo.InvariantCulture)]],
            around.Output);
        return ExitCode.Ok;
    }

    private static string Word(bool value) => value ? "true" : "false";

    private int ShowBorrowed(IpamState state)
    {
        List<string[]> rows = [["ADDRESS", "HOST", "BLOCK", "OWNER", "HANDLE", "USED-BY"]];
        foreach ((IpAddress address, IpamBlock block, IpamAttribute attribute) in Assigned(state))
        {
            if (attribute.Secondary["node"] is { } host && block.Affinity != BlockOwner.Host(host))
                rows.Add([address.ToString(), host, block.Cidr.ToString(), block.Affinity?.ToString() ?? "-", attribute.HandleId ?? "-", state.Users.GetValueOrDefault(address) ?? "-"]);
        }
        TableText.Write(rows, around.Output);
        return ExitCode.Ok;
    }

    private static IEnumerable<(IpAddress Address, IpamBlock Block, IpamAttribute Attribute)> Assigned(IpamState state) =>
        from block in state.Blocks.Values.OrderBy(block => block.Cidr)
        from ordinal in Enumerable.Range(0, block.Allocations.Count)
        where block.Allocations[ordinal] is not null
        select (block.Cidr.AddressAt((UInt128)ordinal), block, block.Attributes[block.Allocations[ordinal]!.Value]);

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
        string format = parsed.GetValue(output)!;
        // calicoctl knows a file only; a word is rather a format that is not known.
        string? file = format.Contains('.') || format.Contains('/') ? format : null;
        if (file is null && format is not ("table" or "json"))
            throw CommandException.Usage($"-o: {Problem.Quote(format)} is not table, json or a file (with a dot or a slash in its name)");
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        IpamState state = await IpamReader.ReadAsync(connection, around, stop);
        IReadOnlyList<IpamFinding> findings = IpamAudit.Check(state);
        if (file is not null)
            WriteReport(file, findings);
        if (parsed.GetValue(everything))
            TableText.Write([["ADDRESS", "HANDLE", "USED-BY"], .. Assigned(state).Select(one => (string[])[one.Address.ToString(), one.Attribute.HandleId ?? "-", state.Users.GetValueOrDefault(one.Address) ?? "-"])], around.Output);
        if (format == "json")
            LeakReport.Write(findings, around.Output);
        else if (findings.Count > 0)
            TableText.Write([["FINDING", "SUBJECT", "REASON"], .. findings.Select(finding => (string[])[finding.Kind.ToString(), finding.Subject, finding.Sentence])], around.Output);
        around.Say(string.Create(CultureInfo.InvariantCulture,
            $"{state.Blocks.Count} blocks with {state.Blocks.Values.Sum(IpamState.Used)} assigned addresses, {state.Handles.Count} handles, {state.Claims.Count} claims: {findings.Count} findings"));
        return findings.Count == 0 ? ExitCode.Ok : ExitCode.Failure;
    }

    private static void WriteReport(string file, IReadOnlyList<IpamFinding> findings)
    {
        try
        {
            using StreamWriter writer = new(file);
            LeakReport.Write(findings, writer);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failure, $"-o: {file}: {error.Message}");
        }
    }

    private async Task<int> RepairAsync(ParseResult parsed, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        IpamState state = await IpamReader.ReadAsync(connection, around, stop);
        using IpamStore ipam = new(connection.Etcd, around.Time, Random.Shared);
        IpamMending mending = new(ipam, state);
        IReadOnlyList<IpamFinding> findings = IpamAudit.Check(state);
        foreach (IpamFinding finding in findings.Where(finding => finding.Kind != IpamFindingKind.Leaked))
        {
            if (parsed.GetValue(dryRun))
                around.Say($"would mend {finding.Subject}: {finding.Sentence}");
            else
                around.Say(await mending.MendAsync(finding, stop) is { } done ? $"mended {finding.Subject}: {done}" : $"{finding.Subject}: nothing was to be done, or nothing can be: {finding.Sentence}");
        }
        int leaks = findings.Count(finding => finding.Kind == IpamFindingKind.Leaked);
        if (leaks > 0)
            around.Say(string.Create(CultureInfo.InvariantCulture, $"{leaks} leaked addresses are left: ipam check -o report.json, and, when they still are a while later, ipam release --from-report=report.json"));
        return parsed.GetValue(dryRun) ? findings.Count == 0 ? ExitCode.Ok : ExitCode.Failure
            : IpamAudit.Check(await IpamReader.ReadAsync(connection, around, stop)).Count == 0 ? ExitCode.Ok : ExitCode.Failure;
    }

    private async Task<int> ConfigureAsync(ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(cooldown) is not null)
            throw CommandException.Usage("--ip-cooldown-seconds: there is no such time here: of a block's free addresses the one that was released longest ago is assigned");
        if (parsed.GetValue(persistence) is not null)
            throw CommandException.Usage("--kubevirt-ip-persistence: there are no machines of KubeVirt without Kubernetes");
        (bool? affinity, int? limit, bool? allocate) = (parsed.GetValue(strict), parsed.GetValue(most), parsed.GetValue(automatic));
        if (affinity is null && limit is null && allocate is null)
            throw CommandException.Usage("ipam configure: give --strictaffinity, --maxblocks or --autoallocate");
        if (limit < 0)
            throw CommandException.Usage("--maxblocks: must not be negative");
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        IpamSettings settings = new(connection.Etcd);
        IpamConfig Change(IpamConfig before) => before with
        {
            StrictAffinity = affinity ?? before.StrictAffinity,
            MaxBlocksPerHost = limit ?? before.MaxBlocksPerHost,
            AutoAllocateBlocks = allocate ?? before.AutoAllocateBlocks,
        };
        for (int tries = 1; tries <= MostTries; tries++)
        {
            if (!await settings.ChangeAsync(Change, stop))
                continue;
            IpamConfig now = (await settings.ReadAsync(stop)).Config;
            around.Say(string.Create(CultureInfo.InvariantCulture, $"strict affinity {Word(now.StrictAffinity)}, automatic blocks {Word(now.AutoAllocateBlocks)}, at most {(now.MaxBlocksPerHost == 0 ? "any number of" : now.MaxBlocksPerHost)} blocks a host"));
            return ExitCode.Ok;
        }
        throw new CommandException(ExitCode.Failure, "somebody else changed the settings each time they were being written");
    }

    private async Task<int> ReleaseAsync(ParseResult parsed, CancellationToken stop)
    {
        string[] addresses = parsed.GetValue(released) ?? [];
        string[] files = parsed.GetValue(reports) ?? [];
        if (addresses.Length > 0 == files.Length > 0)
            throw CommandException.Usage("ipam release: give either --ip or --from-report");
        IReadOnlyList<ReleaseTarget> targets = files.Length == 0
            ? [.. addresses.Select(text => new ReleaseTarget(Address(text)))]
            : [.. files.Select(file => LeakReport.Read(InputText.ReadOne(file, around.Input))).Aggregate((all, next) => [.. all.Intersect(next)])];
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        using IpamStore ipam = new(connection.Etcd, around.Time, Random.Shared);
        Release done = await ipam.ReleaseAsync(targets, stop);
        foreach (IpAddress free in done.Released)
            around.Say($"released {free}");
        foreach (IpAddress free in done.Unallocated)
            around.Say($"{free}: was not assigned");
        foreach (IpAddress other in done.Refused)
            around.Say($"{other}: has been assigned anew since the report: left alone");
        return done.Refused.IsEmpty && (files.Length > 0 || done.Unallocated.IsEmpty) ? ExitCode.Ok : ExitCode.Failure;
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
