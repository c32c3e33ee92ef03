using System.Globalization;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane;

namespace Canal.Felix.LastKnownGood;

/// <summary>Puts the table that was in force before a boot back, before anything is known of etcd. An existing table is left alone: it is newer.</summary>
internal static class KeptTableRestore
{
    /// <summary>Restores when there is something to restore and the setting says so. Returns a sentence about what was done or why nothing was; null when the table is there already.</summary>
    /// <remarks>NftException, IptablesException: the kernel refused.</remarks>
    public static string? Run(IPacketFilter filter, string path, MissingDatastore setting, FelixParameters parameters)
    {
        if (filter.IsInForce()) return null;
        if (setting == MissingDatastore.Open) return "nothing is enforced until etcd answers: on_missing_datastore is open";
        if (setting == MissingDatastore.FailsafeOnly)
        {
            FailsafeTable.Enforce(filter, parameters);
            return "only the failsafe ports are open until etcd answers: on_missing_datastore is failsafe_only";
        }
        if (KeptTable.Read(path, out string? wrong) is not { } content) return $"nothing is enforced until etcd answers: {wrong}";
        DateTime kept = File.GetLastWriteTime(path);
        if (filter.Load(content) is string unusable) return $"nothing is enforced until etcd answers: {path}: {unusable}";
        return string.Create(CultureInfo.InvariantCulture, $"the policy of {kept:yyyy-MM-dd HH:mm:ss} is in force again until etcd answers");
    }
}
