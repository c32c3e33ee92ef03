using Canal.Hosting;

namespace Canal.Docker;

/// <summary>The settings of docker.toml.</summary>
internal static class DockerSettings
{
    public static StringSetting PluginSocket { get; } = new("plugin_socket", "/run/docker/plugins/canal.sock", "Where Docker looks for the driver; the file's name is the driver's. systemd's socket goes before it.")
    {
        Check = path => path.StartsWith('/') ? null : "must be an absolute path",
    };

    public static StringSetting Namespace { get; } = new("namespace", "libnetwork", "Namespace of the containers' endpoints.")
    {
        Check = name => name.Length > 0 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.') ? null : "must be the name of a namespace",
    };

    public static IntegerSetting Mtu { get; } = new("mtu", 0, "MTU of containers' interfaces; 0 is the kernel's 1500.") { Minimum = 0, Maximum = 65535 };

    public static DurationSetting PolicyTimeout { get; } = new("policy_timeout", TimeSpan.FromSeconds(10),
        "How long a container waits until canal-felix has its policy in the kernel; 0s does not wait.")
    { Maximum = TimeSpan.FromSeconds(60) };

    public static EnumSetting<bool> PolicyTimeoutAction { get; } = new("policy_timeout_action", false,
        "When that time is over: the container does not start, or starts with whatever the kernel has.", ("fail", false), ("open", true));

    public static StringSetting EndpointStatusDirectory { get; } = new("endpoint_status_dir", "/var/run/calico/endpoint-status",
        "Where canal-felix tells which endpoints it has programmed: its endpoint_status_path_prefix and /endpoint-status.");

    public static StringSetting DockerSocket { get; } = new("docker_socket", "", "Where Docker is asked for containers' labels; empty: it is not asked.")
    {
        Check = path => path.Length == 0 || path.StartsWith('/') ? null : "must be an absolute path",
    };

    public static StringSetting LabelPrefix { get; } = new("label_prefix", "org.projectcalico.label.", "Labels of containers that begin so become labels of their endpoints, without it.")
    {
        Check = prefix => prefix.Length > 0 ? null : "must not be empty",
    };

    public static DurationSetting LabelTimeout { get; } = new("label_timeout", TimeSpan.FromSeconds(30), "How long Docker is asked for the labels of a container that starts.")
    { Minimum = TimeSpan.FromSeconds(1), Maximum = TimeSpan.FromMinutes(10) };

    public static DurationSetting AbandonedAddressAfter { get; } = new("abandoned_address_after", TimeSpan.FromMinutes(10),
        "How long an address that Docker asked for may be without an endpoint of this driver before it is given back; 0s: for ever.")
    { Maximum = TimeSpan.FromHours(24) };

    public static ConfigurationSchema Schema { get; } = new("docker",
        [PluginSocket, Namespace, Mtu, PolicyTimeout, PolicyTimeoutAction, EndpointStatusDirectory, DockerSocket, LabelPrefix, LabelTimeout, AbandonedAddressAfter]);
}
