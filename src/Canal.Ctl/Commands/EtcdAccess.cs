using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>Where etcd is and how to log in, from Canal's configuration and from calicoctl's. Each setting comes from the first of: a flag, a file named
/// with --config, Canal's environment, calicoctl's environment, Canal's files. Calicoctl's file in its usual place counts only when nothing of these
/// says where etcd is.</summary>
internal static class EtcdAccess
{
    /// <exception cref="CommandException">The configuration cannot be used, or DNS does not answer.</exception>
    public static async Task<EtcdOptions> ChooseAsync(Configuration configuration, string? namedFile, TimeSpan timeout, Surroundings around, CancellationToken stop)
    {
        CalicoAccess named = namedFile is null ? CalicoAccess.None : CalicoAccess.FromFile(namedFile);
        CalicoAccess environment = CalicoAccess.FromEnvironment(around.Environment);
        bool toldHere = named.Location.Length > 0 || environment.Location.Length > 0 || configuration.Origin(CommonSettings.EtcdEndpoints.Key) != ConfigurationOrigin.Default;
        CalicoAccess usual = !toldHere && File.Exists(around.CalicoctlFile) ? CalicoAccess.FromFile(around.CalicoctlFile) : CalicoAccess.None;
        string pick(StringSetting setting, Func<CalicoAccess, string> field) => Pick(configuration, setting, configuration.Get(setting), named, environment, usual, field);
        string location = Pick(configuration, CommonSettings.EtcdEndpoints, string.Join(',', configuration.Get(CommonSettings.EtcdEndpoints)), named, environment, usual, access => access.Location);
        string calicoPassword = FirstOf(named.Password, environment.Password, usual.Password);
        return new EtcdOptions
        {
            Endpoints = await MembersAsync(location, timeout, stop),
            CaFile = pick(CommonSettings.EtcdCaFile, access => access.CaFile),
            CertFile = pick(CommonSettings.EtcdCertFile, access => access.CertFile),
            KeyFile = pick(CommonSettings.EtcdKeyFile, access => access.KeyFile),
            Username = pick(CommonSettings.EtcdUsername, access => access.Username),
            Password = calicoPassword.Length > 0 ? calicoPassword : Password(configuration.Get(CommonSettings.EtcdPasswordFile), around),
        };
    }

    private static async Task<IReadOnlyList<string>> MembersAsync(string location, TimeSpan timeout, CancellationToken stop) =>
        location.StartsWith(EtcdDiscovery.Prefix, StringComparison.Ordinal)
            ? await EtcdDiscovery.FindAsync(location[EtcdDiscovery.Prefix.Length..], timeout, stop)
            : location.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static string Pick(
        Configuration configuration, Setting setting, string own, CalicoAccess named, CalicoAccess environment, CalicoAccess usual, Func<CalicoAccess, string> field)
    {
        string source = configuration.Origin(setting.Key).Source;
        if (source.StartsWith("flag ", StringComparison.Ordinal))
            return own;
        if (field(named).Length > 0)
            return field(named);
        if (source.StartsWith("environment ", StringComparison.Ordinal))
            return own;
        bool isDefault = configuration.Origin(setting.Key) == ConfigurationOrigin.Default;
        return FirstOf(field(environment), isDefault ? field(usual) : "", own);
    }

    private static string FirstOf(params ReadOnlySpan<string> texts)
    {
        foreach (string text in texts)
        {
            if (text.Length > 0)
                return text;
        }
        return "";
    }

    private static string? Password(string file, Surroundings around)
    {
        if (file.Length == 0)
            return null;
        try
        {
            return SecretFile.Read(file, around.Environment).Text;
        }
        catch (IOException error)
        {
            throw new CommandException(error.InnerException is UnauthorizedAccessException ? ExitCode.Permission : ExitCode.Configuration, error.Message);
        }
    }
}
