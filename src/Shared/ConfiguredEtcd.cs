using System.Collections.Immutable;
using Canal.Datastore;

namespace Canal.Hosting;

/// <summary>How a daemon reaches etcd, as its configuration says. Compiled into each daemon: neither of the two libraries that it joins may know the other.</summary>
internal static class ConfiguredEtcd
{
    /// <exception cref="StartException">The file with the password cannot be read.</exception>
    public static EtcdOptions Options(Configuration configuration, ImmutableDictionary<string, string> environment) => new()
    {
        Endpoints = configuration.Get(CommonSettings.EtcdEndpoints),
        CaFile = configuration.Get(CommonSettings.EtcdCaFile),
        CertFile = configuration.Get(CommonSettings.EtcdCertFile),
        KeyFile = configuration.Get(CommonSettings.EtcdKeyFile),
        Username = configuration.Get(CommonSettings.EtcdUsername),
        Password = SecretFile.ReadFor(CommonSettings.EtcdPasswordFile, configuration, environment),
    };
}
