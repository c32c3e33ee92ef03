namespace Canal.Core.Access;

/// <summary>A role of etcd: what a program may do there.</summary>
/// <param name="Name">As etcd knows it.</param>
/// <param name="Permissions">By key.</param>
public sealed record EtcdRole(string Name, EquatableArray<KeyPermission> Permissions)
{
    /// <summary>What of these the role does not allow.</summary>
    public IEnumerable<KeyPermission> Lacking(IEnumerable<KeyPermission> permissions)
    {
        foreach (KeyPermission permission in permissions)
            if (!Permissions.Any(own => own.Covers(permission))) yield return permission;
    }
}
