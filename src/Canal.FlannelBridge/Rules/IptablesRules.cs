using System.ComponentModel;
using System.Diagnostics;
using Canal.Core.Addressing;

namespace Canal.FlannelBridge.Rules;

/// <summary>
/// The rules in chains of our own, which iptables' FORWARD and POSTROUTING go through last: an accept here is one that a FORWARD with the policy DROP, as Docker
/// makes it, heeds. iptables tells nobody of changes, so it is looked at every few seconds.
/// </summary>
/// <param name="families">Those whose iptables is asked.</param>
/// <param name="time">For the looks.</param>
internal sealed class IptablesRules(IReadOnlyList<IpFamily> families, TimeProvider time) : RuleTable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly (string Table, string Hook, string Chain)[] Chains = [("nat", "POSTROUTING", "CANAL-FLANNEL-POSTRTG"), ("filter", "FORWARD", "CANAL-FLANNEL-FWD")];

    /// <summary>Seconds to wait for another iptables to end.</summary>
    private const string Patience = "2";
    private const int LongestRunMilliseconds = 10_000;

    private readonly Dictionary<(IpFamily, string), string> kept = [];
    private NetworkRules? inForce;
    private DateTimeOffset nextLook;

    public override DateTimeOffset? NextLook => nextLook;

    public override void Doubt() => nextLook = default;

    public override bool Apply(NetworkRules wanted)
    {
        if (wanted == inForce && time.GetUtcNow() < nextLook) return false;
        if (wanted != inForce) kept.Clear();
        bool written = false;
        foreach (IpFamily family in families)
            foreach ((string table, string hook, string chain) in Chains)
                written |= Apply(family, table, hook, chain, IptablesText.Rules(wanted, family, table, chain));
        (inForce, nextLook) = (wanted, time.GetUtcNow() + Interval);
        return written;
    }

    /// <summary>Takes the chains away.</summary>
    /// <exception cref="IOException">iptables refused, or is not there.</exception>
    public void Remove()
    {
        foreach (IpFamily family in families)
            foreach ((string table, string hook, string chain) in Chains) Apply(family, table, hook, chain, []);
    }

    private bool Apply(IpFamily family, string table, string hook, string chain, List<string> rules)
    {
        string present = Own(family, table, hook, chain), jump = $"-A {hook} -j {chain}";
        if (rules.Count == 0 && present.Length == 0) return false;
        // What is written comes back in iptables' own words: those are what later looks are compared with.
        if (kept.GetValueOrDefault((family, table)) == present) return false;
        List<string> script = [$"*{table}", $":{chain} - [0:0]", .. rules];
        if (rules.Count == 0) script.AddRange([.. present.Split('\n').Where(l => l == jump).Select(l => $"-D{l[2..]}"), $"-X {chain}"]);
        else if (!present.Contains(jump, StringComparison.Ordinal)) script.Add(jump);
        Run(Program(family, "restore"), ["--noflush", "-w", Patience], string.Join('\n', script) + "\nCOMMIT\n");
        kept[(family, table)] = Own(family, table, hook, chain);
        return true;
    }

    /// <summary>The lines about our chain.</summary>
    private static string Own(IpFamily family, string table, string hook, string chain) => string.Join('\n', Run(Program(family, "save"), ["-t", table], "").Split('\n')
        .Select(l => l.Trim()).Where(l => l.StartsWith($":{chain} ", StringComparison.Ordinal) || l.StartsWith($"-A {chain} ", StringComparison.Ordinal) || l == $"-A {hook} -j {chain}")
        .Select(l => l[0] == ':' ? l.Split(' ')[0] : l));

    private static string Program(IpFamily family, string what) => $"{(family == IpFamily.V4 ? "iptables" : "ip6tables")}-{what}";

    private static string Run(string program, string[] arguments, string input)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            if (!process.WaitForExit(LongestRunMilliseconds))
            {
                process.Kill();
                throw new IOException($"{program} did not end within {LongestRunMilliseconds / 1000} s");
            }
            return process.ExitCode == 0 ? output.GetAwaiter().GetResult() : throw new IOException($"{program}: {error.GetAwaiter().GetResult().Trim()}");
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{program}: {e.Message}", e);
        }
    }
}
