using System.Diagnostics;
using System.Globalization;
using System.Text;
using Canal.Core.Addressing;
using Canal.Linux.Namespaces;
using Canal.Linux.Nftables;

namespace Canal.Benchmarks;

/// <summary>
/// Programming a whole ruleset, against <c>nft -f</c> of the same in the same run, and one change beside that ruleset against <c>nft -f</c> of that change. Needs root and nft;
/// works in a network namespace of its own.
/// </summary>
public static class NftablesBenchmark
{
    private const int ChainCount = 5000;
    private const int RulesPerChain = 10;
    private const int MemberCount = 100_000;
    private const int Rounds = 7;
    private const int ComparedChanges = 20;

    private static readonly NftSet Members = new("members", NftKeyType.Ipv4, Size: 2 * MemberCount);
    private static readonly NftSet Dispatch = new("dispatch", NftKeyType.IfName, NftSetFlags.VerdictMap, Size: 2 * ChainCount);
    private static readonly IpAddress[] Addresses = [.. Enumerable.Range(0, MemberCount).Select(i => IpAddress.FromV4(0x0a000000 + (uint)i))];

    /// <summary>Prints medians in milliseconds, and ratios.</summary>
    public static void Run(TextWriter output) => NetworkNamespace.RunInNew(() =>
    {
        using NetlinkNftables nftables = NetlinkNftables.Open();
        WholeRuleset(output, nftables);
        SmallTransactions(output, nftables);
        return 0;
    });

    private static void WholeRuleset(TextWriter output, NetlinkNftables nftables)
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, Text());
        List<double> encode = [], commit = [], total = [], nft = [], read = [];
        long peak = 0;
        NftTransaction transaction = new("canal");
        // The first round of each is warm-up.
        for (int round = 0; round <= Rounds; round++)
        {
            double encoding = Time(() => Write(transaction));
            double committing = Time(() => nftables.Commit(transaction));
            double reading = Time(() => nftables.Read("canal"));
            Delete(nftables);
            double running = Time(() => peak = Math.Max(peak, RunNft(file)));
            Delete(nftables);
            if (round == 0) continue;
            encode.Add(encoding);
            commit.Add(committing);
            total.Add(encoding + committing);
            nft.Add(running);
            read.Add(reading);
        }
        File.Delete(file);
        Line(output, $"{ChainCount} chains x {RulesPerChain} rules, map of {ChainCount} jumps, {MemberCount} set members: {transaction.Count} messages, {transaction.ByteLength} bytes");
        Line(output, $"  encode {Median(encode):F0} ms, commit {Median(commit):F0} ms, together {Median(total):F0} ms; read back {Median(read):F0} ms");
        Line(output, $"  nft -f {Median(nft):F0} ms, {peak / 1024} MiB resident at most; this whole process {Environment.WorkingSet >> 20} MiB");
        Line(output, $"  ratio {Median(total) / Median(nft):F2} (target 0.60)");
    }

    private static void SmallTransactions(TextWriter output, NetlinkNftables nftables)
    {
        NftTransaction transaction = new("canal");
        Write(transaction);
        nftables.Commit(transaction);
        NftRule rule = Rule(new NftRuleBuilder(), 7);
        Line(output, $"one change beside that ruleset, p50 of {ComparedChanges} in milliseconds, and nft -f of the same change in turns with it");
        Compare(output, nftables, transaction, "set element", i => transaction.AddElements(Members, [IpAddress.FromV4(0xc0000000 + (uint)i)]), i => $"add element inet canal members {{ 192.0.1.{i} }}");
        Compare(output, nftables, transaction, "rule", _ => transaction.AddRule("chain1", rule), _ => "add rule inet canal chain2 tcp dport 1007 counter accept");
        Compare(output, nftables, transaction, "chain of 10 rules, with a jump to it", i =>
        {
            AddChain(transaction, $"ours{i}", rule);
            transaction.AddElement(Dispatch, $"ours{i}", NftVerdict.Jump($"ours{i}"));
        }, NewChainText);
        Line(output, $"small transactions beside that ruleset, p50 / p99 in microseconds");
        Latency(output, nftables, transaction, "set element: add", 200, i => transaction.AddElements(Members, [IpAddress.FromV4(0xc0000200 + (uint)i)]));
        Latency(output, nftables, transaction, "set element: delete", 200, i => transaction.DeleteElements(Members, [IpAddress.FromV4(0xc0000200 + (uint)i)]));
        Latency(output, nftables, transaction, "1000 set elements: add", 20, i => transaction.AddElements(Members, Sequence(0xc1000000 + (uint)i * 1000, 1000)));
        Latency(output, nftables, transaction, "new chain, 10 rules", 40, i => AddChain(transaction, $"new{i}", rule));
        Latency(output, nftables, transaction, "map element: add jump", 40, i => transaction.AddElement(Dispatch, $"new{i}", NftVerdict.Jump($"new{i}")));
        Latency(output, nftables, transaction, "map element: delete", 40, i => transaction.DeleteElements(Dispatch, [$"new{i}"]));
        Latency(output, nftables, transaction, "rule: add", 40, _ => transaction.AddRule("chain1", rule));
        Latency(output, nftables, transaction, "flush chain, 10 rules", 40, i =>
        {
            transaction.FlushChain($"chain{i}");
            for (int j = 0; j < RulesPerChain; j++) transaction.AddRule($"chain{i}", rule);
        });
        Delete(nftables);
    }

    /// <summary>A change by this program, and one of the same kind by nft, one after the other.</summary>
    private static void Compare(TextWriter output, NetlinkNftables nftables, NftTransaction transaction, string what, Action<int> write, Func<int, string> text)
    {
        string file = Path.GetTempFileName();
        List<double> ours = [], nft = [];
        for (int i = 0; i < ComparedChanges; i++)
        {
            ours.Add(Time(() =>
            {
                transaction.Clear();
                write(i);
                nftables.Commit(transaction);
            }));
            File.WriteAllText(file, text(i) + "\n");
            nft.Add(Time(() => RunNft(file)));
        }
        File.Delete(file);
        Line(output, $"  {what,-40} {Median(ours),8:F2} {Median(nft),8:F2}   ratio {Median(ours) / Median(nft):F3}");
    }

    private static string NewChainText(int i) =>
        $"add chain inet canal theirs{i}\n{string.Concat(Enumerable.Repeat($"add rule inet canal theirs{i} tcp dport 1007 counter accept\n", RulesPerChain))}add element inet canal dispatch {{ theirs{i} : jump theirs{i} }}";

    private static void AddChain(NftTransaction transaction, string name, NftRule rule)
    {
        transaction.AddChain(name);
        for (int j = 0; j < RulesPerChain; j++) transaction.AddRule(name, rule);
    }

    private static void Latency(TextWriter output, NetlinkNftables nftables, NftTransaction transaction, string what, int count, Action<int> write)
    {
        List<double> times = [];
        for (int i = 0; i < count; i++)
        {
            times.Add(1000 * Time(() =>
            {
                transaction.Clear();
                write(i);
                nftables.Commit(transaction);
            }));
        }
        times.Sort();
        Line(output, $"  {what,-24} {times[count / 2],8:F0} / {times[count * 99 / 100],8:F0}");
    }

    /// <summary>Building the rules is part of what is measured: nft parses them too.</summary>
    private static void Write(NftTransaction transaction)
    {
        transaction.Clear();
        transaction.AddTable();
        transaction.AddChain("forward", new NftBaseChain(NftChainType.Filter, NftHook.Forward, 0));
        for (int i = 0; i < ChainCount; i++) transaction.AddChain($"chain{i}");
        transaction.AddSet(Members);
        transaction.AddSet(Dispatch);
        transaction.AddElements(Members, Addresses);
        for (int i = 0; i < ChainCount; i++) transaction.AddElement(Dispatch, $"cali{i}", NftVerdict.Jump($"chain{i}"));
        NftRuleBuilder builder = new();
        for (int i = 0; i < ChainCount; i++)
        {
            string chain = $"chain{i}";
            for (int j = 0; j < RulesPerChain; j++) transaction.AddRule(chain, Rule(builder, i + j));
        }
        transaction.AddRule("forward", builder.IifnameVmap(Dispatch).Build());
    }

    private static NftRule Rule(NftRuleBuilder builder, int i)
    {
        ushort port = (ushort)(1000 + i);
        return builder.L4Proto(6).Dport(new PortRange(port, port)).Counter().Accept().Build();
    }

    private static string Text()
    {
        StringBuilder text = new("table inet canal {\n set members { type ipv4_addr; size 200000; elements = { ");
        text.AppendJoin(", ", Addresses.Select(address => address.ToString())).Append(" }; }\n map dispatch { type ifname : verdict; size 10000; elements = { ");
        text.AppendJoin(", ", Enumerable.Range(0, ChainCount).Select(i => $"cali{i} : jump chain{i}")).Append(" }; }\n");
        text.Append(" chain forward { type filter hook forward priority 0;\n  iifname vmap @dispatch\n }\n");
        for (int i = 0; i < ChainCount; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $" chain chain{i} {{\n");
            for (int j = 0; j < RulesPerChain; j++) text.Append(CultureInfo.InvariantCulture, $"  tcp dport {1000 + i + j} counter accept\n");
            text.Append(" }\n");
        }
        return text.Append("}\n").ToString();
    }

    private static IpAddress[] Sequence(uint first, int count) => [.. Enumerable.Range(0, count).Select(i => IpAddress.FromV4(first + (uint)i))];

    private static void Delete(NetlinkNftables nftables)
    {
        NftTransaction transaction = new("canal");
        transaction.DeleteTable();
        nftables.Commit(transaction);
    }

    /// <summary>Runs nft to its end; returns the largest resident size seen, in KiB.</summary>
    private static long RunNft(string file)
    {
        using Process process = Process.Start(new ProcessStartInfo("nft", ["-f", file]))!;
        long peak = 0;
        while (!process.WaitForExit(5))
        {
            try
            {
                string? line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
                if (line is not null) peak = long.Parse(line.AsSpan(6, line.Length - 9).Trim(), CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It ended between the two.
            }
        }
        return process.ExitCode == 0 ? peak : throw new InvalidOperationException($"nft -f ended with {process.ExitCode}");
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static void Line(TextWriter output, FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
