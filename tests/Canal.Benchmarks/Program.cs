using Canal.Benchmarks;

// Which benchmarks to run, by name; all without arguments.
(string Name, Action<TextWriter> Run)[] benchmarks =
[
    ("labels", LabelIndexBenchmark.Run),
    ("calculator", CalculatorBenchmark.Run),
    ("nftables", NftablesBenchmark.Run),
    ("daemon", DaemonBenchmark.Run),
    ("cni", CniBenchmark.Run),
    ("packets", PacketPathBenchmark.Run),
    ("bgp", BgpBenchmark.Run),
    ("vxlan", VxlanBenchmark.Run),
];
foreach ((string name, Action<TextWriter> run) in benchmarks)
{
    if (args.Length > 0 && !args.Contains(name)) continue;
    if (!DaemonBenchmark.IsInside && !CniBenchmark.IsInside) Console.Out.WriteLine($"== {name}");
    run(Console.Out);
}
return 0;
