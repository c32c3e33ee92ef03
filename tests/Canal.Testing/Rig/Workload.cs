namespace Canal.Testing.Rig;

/// <summary>The numbers of workload <paramref name="Index"/> on host <paramref name="Host"/> (1 or 2), all derived from the two as scenarios.md section 0 says.</summary>
internal readonly record struct Workload(int Host, int Index)
{
    internal const string Gateway6 = "fe80::ecee:eeff:feee:eeee";
    internal const string HostMac = "ee:ee:ee:ee:ee:ee";

    internal string Name => (Host == 1 ? "w" : "v") + Index;

    internal string HostName => "h" + Host;

    internal string Interface => "cali" + Name;

    internal string Address4 => $"10.65.{Host - 1}.{10 + Index}";

    internal string Address6 => Host == 1 ? $"fd00:65::{10 + Index}" : $"fd00:65:1::{10 + Index}";

    internal string Mac => $"02:65:00:00:{Host:x2}:{Index:x2}";

    internal Resource Endpoint(string ns) => Calico.WorkloadEndpoint(ns, HostName, Name, Interface, Mac, Address4 + "/32", Address6 + "/128");
}
