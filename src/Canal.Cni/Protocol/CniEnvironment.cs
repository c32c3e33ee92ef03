
namespace Canal.Cni;

/// <summary>The variables that the runtime sets.</summary>
internal sealed record CniEnvironment(string Command, string ContainerId, string Netns, string IfName, string Arguments, string Path)
{
    public static CniEnvironment FromProcess() => new(Read("CNI_COMMAND"), Read("CNI_CONTAINERID"), Read("CNI_NETNS"), Read("CNI_IFNAME"), Read("CNI_ARGS"), Read("CNI_PATH"));

    private static string Read(string name) => Environment.GetEnvironmentVariable(name) ?? "";
}
