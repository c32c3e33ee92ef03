using Canal.Cni;

// One binary, two plugins: which of them is asked for shows in the name it was called by, as with busybox. Not Environment.GetCommandLineArgs(): the
// runtime makes a path of its own choosing of the first.
string name = Path.GetFileName(File.ReadAllText("/proc/self/cmdline").Split('\0')[0]);
CniPlugin plugin = name.Contains("ipam", StringComparison.Ordinal) ? new AddressPlugin() : new EndpointPlugin();
return await CniProgram.RunAsync(plugin, CniEnvironment.FromProcess(), Console.OpenStandardInput(), Console.OpenStandardOutput());
