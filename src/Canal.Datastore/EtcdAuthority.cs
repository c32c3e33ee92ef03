using Canal.Core;
using Canal.Core.Access;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Granted = Authpb.Permission;

namespace Canal.Datastore;

/// <summary>etcd's own users and roles. With authentication on, only its user root, or one with the role root, may ask and change them.</summary>
public sealed class EtcdAuthority(EtcdChannel channel)
{
    private static readonly ByteString NoEnd = ByteString.CopyFrom(0);

    /// <summary>Whether etcd asks users who they are. Where it does not, everybody who reaches it may do everything.</summary>
    public async Task<bool> IsOnAsync(CancellationToken stop)
    {
        try
        {
            await channel.ReadAsync((endpoint, options) => endpoint.Auth.AuthenticateAsync(new AuthenticateRequest { Name = "canal" }, options).ResponseAsync, stop);
            return true;
        }
        catch (EtcdException refusal) when (refusal.InnerException is RpcException { Status.Detail: RpcFailure.AuthenticationOff })
        {
            return false;
        }
        catch (EtcdException refusal) when (refusal.Failure is not EtcdFailure.Unavailable and not EtcdFailure.Tls)
        {
            return true;
        }
    }

    /// <summary>All users, by name.</summary>
    public async Task<IReadOnlyList<EtcdUser>> UsersAsync(CancellationToken stop)
    {
        AuthUserListResponse names = await channel.ReadAsync((endpoint, options) => endpoint.Auth.UserListAsync(new AuthUserListRequest(), options).ResponseAsync, stop);
        List<EtcdUser> users = [];
        foreach (string name in names.Users.Order(StringComparer.Ordinal))
        {
            AuthUserGetResponse user = await channel.ReadAsync((endpoint, options) => endpoint.Auth.UserGetAsync(new AuthUserGetRequest { Name = name }, options).ResponseAsync, stop);
            users.Add(new EtcdUser(name, [.. user.Roles]));
        }
        return users;
    }

    /// <summary>Names of all roles.</summary>
    public async Task<IReadOnlyList<string>> RolesAsync(CancellationToken stop) =>
        [.. (await channel.ReadAsync((endpoint, options) => endpoint.Auth.RoleListAsync(new AuthRoleListRequest(), options).ResponseAsync, stop)).Roles];

    /// <summary>
    /// A role. A range that is neither one key nor all that begin so is told as all keys that begin as both its ends do, which is more than it allows, never less.
    /// </summary>
    public async Task<EtcdRole> RoleAsync(string name, CancellationToken stop)
    {
        AuthRoleGetResponse role = await channel.ReadAsync((endpoint, options) => endpoint.Auth.RoleGetAsync(new AuthRoleGetRequest { Role = name }, options).ResponseAsync, stop);
        return new EtcdRole(name, role.Perm.Select(Read).ToEquatableArray());
    }

    /// <summary>Makes a role as it should be, and takes away what it may beyond that. Returns whether anything was changed.</summary>
    public async Task<bool> PutRoleAsync(EtcdRole wanted, bool exists, CancellationToken stop)
    {
        EtcdRole present = exists ? await RoleAsync(wanted.Name, stop) : new EtcdRole(wanted.Name, default);
        if (!exists)
            await channel.WriteAsync((endpoint, options) => endpoint.Auth.RoleAddAsync(new AuthRoleAddRequest { Name = wanted.Name }, options).ResponseAsync, stop);
        KeyPermission[] lacking = [.. wanted.Permissions.Except(present.Permissions)];
        // What is granted anew for the same range replaces what was.
        KeyPermission[] extra = [.. present.Permissions.Where(old => !wanted.Permissions.Any(p => p.Key == old.Key && p.IsPrefix == old.IsPrefix))];
        foreach (KeyPermission permission in lacking)
        {
            AuthRoleGrantPermissionRequest grant = new() { Name = wanted.Name, Perm = Write(permission) };
            await channel.WriteAsync((endpoint, options) => endpoint.Auth.RoleGrantPermissionAsync(grant, options).ResponseAsync, stop);
        }
        foreach (KeyPermission permission in extra)
        {
            Granted range = Write(permission);
            AuthRoleRevokePermissionRequest revoke = new() { Role = wanted.Name, Key = range.Key, RangeEnd = range.RangeEnd };
            await channel.WriteAsync((endpoint, options) => endpoint.Auth.RoleRevokePermissionAsync(revoke, options).ResponseAsync, stop);
        }
        return !exists || lacking.Length + extra.Length > 0;
    }

    private static Granted Write(KeyPermission permission)
    {
        KeyRange range = permission.IsPrefix ? KeyRange.Prefix(permission.Key) : KeyRange.Single(permission.Key);
        return new Granted
        {
            Key = range.Start,
            RangeEnd = range.End,
            PermType = permission.Access switch
            {
                KeyAccess.Read => Granted.Types.Type.Read,
                KeyAccess.Write => Granted.Types.Type.Write,
                _ => Granted.Types.Type.Readwrite,
            },
        };
    }

    private static KeyPermission Read(Granted granted)
    {
        KeyAccess access = granted.PermType switch
        {
            Granted.Types.Type.Read => KeyAccess.Read,
            Granted.Types.Type.Write => KeyAccess.Write,
            _ => KeyAccess.ReadWrite,
        };
        string key = granted.Key.ToStringUtf8();
        if (granted.RangeEnd.IsEmpty) return new KeyPermission(key, false, access);
        if (granted.RangeEnd == NoEnd) return new KeyPermission("", true, access);
        if (key.Length > 0 && granted.RangeEnd == KeyRange.Prefix(key).End) return new KeyPermission(key, true, access);
        string end = granted.RangeEnd.ToStringUtf8();
        return new KeyPermission(key[..key.Zip(end).TakeWhile(pair => pair.First == pair.Second).Count()], true, access);
    }
}
