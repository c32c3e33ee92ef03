using System.CommandLine;
using Canal.Core.Access;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl etcd</c>: roles of etcd that allow each of Canal's programs what it needs and no more, and who may more than that.</summary>
internal sealed class EtcdCommand
{
    private static readonly string[] RoleHeader = ["ROLE", "ACCESS", "KEYS"], CheckHeader = ["USER", "ROLE", "FINDING", "ACCESS", "KEYS"];

    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Argument<string[]> nodes = new("NODE") { Description = "Hosts whose roles are meant; this host's node_name unless given.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> apply = new("--apply") { Description = "Make the roles in etcd as shown; what else they allow is taken away." };
    private readonly Option<string> region = new("--region") { Description = "openstack_region of the agents.", HelpName = "NAME" };
    private readonly Option<string> flannel = new("--flannel-prefix") { Description = "etcd_prefix of canal-flannel-bridge (/coreos.com/network).", HelpName = "PREFIX" };
    private readonly Option<string> docker = new("--docker-namespace") { Description = "namespace of canal-docker (libnetwork).", HelpName = "NAME" };
    private readonly Option<string> pool = new("--flannel-pool") { Description = "ip_pool of canal-flannel-bridge, where it keeps one.", HelpName = "NAME" };

    public EtcdCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Command roles = new("roles", "Show, or make, the roles that allow each program the least it needs.") { nodes, apply, region, flannel, pool, docker };
        roles.SetAction(RolesAsync);
        Command check = new("check", "Show which users may more than their programs need, or less.") { region, flannel, pool, docker };
        check.SetAction(CheckAsync);
        Definition = new Command("etcd", "Keep etcd's users to what they need.") { roles, check };
    }

    public Command Definition { get; }

    private async Task<int> RolesAsync(ParseResult parsed, CancellationToken stop)
    {
        string[] hosts = parsed.GetValue(nodes) is { Length: > 0 } given ? given : [Connection.NodeName(parsed, options, around)];
        EtcdScope scope = Scope(parsed);
        EtcdRole[] wanted = [.. hosts.SelectMany(host => EtcdRoles.Of(host, scope)).DistinctBy(role => role.Name)];
        if (!parsed.GetValue(apply))
        {
            List<string[]> rows = [RoleHeader];
            foreach (EtcdRole role in wanted)
                rows.AddRange(role.Permissions.Select(permission => (string[])[role.Name, Word(permission.Access), permission.ToString()]));
            TableText.Write(rows, around.Output);
            return ExitCode.Ok;
        }
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        HashSet<string> present = [.. await connection.Authority.RolesAsync(stop)];
        foreach (EtcdRole role in wanted)
        {
            bool changed = await connection.Authority.PutRoleAsync(role, present.Contains(role.Name), stop);
            around.Say($"role {role.Name}: {(!present.Contains(role.Name) ? "created" : changed ? "changed" : "unchanged")}");
        }
        return ExitCode.Ok;
    }

    private async Task<int> CheckAsync(ParseResult parsed, CancellationToken stop)
    {
        EtcdScope scope = Scope(parsed);
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        if (!await connection.Authority.IsOnAsync(stop))
        {
            around.Say("authentication is off: whoever reaches etcd may write every policy (etcdctl auth enable)");
            return ExitCode.Failure;
        }
        Dictionary<string, EtcdRole> roles = [];
        foreach (string name in await connection.Authority.RolesAsync(stop))
            roles[name] = await connection.Authority.RoleAsync(name, stop);
        List<string[]> rows = [CheckHeader];
        foreach (EtcdUser user in await connection.Authority.UsersAsync(stop))
        {
            foreach (string role in user.Roles)
                rows.AddRange(Findings(user.Name, role, roles.GetValueOrDefault(role), scope));
        }
        if (rows.Count == 1)
            around.Say("no user may more than its programs need");
        else
            TableText.Write(rows, around.Output);
        return rows.Count == 1 ? ExitCode.Ok : ExitCode.Failure;
    }

    private static IEnumerable<string[]> Findings(string user, string name, EtcdRole? role, EtcdScope scope)
    {
        if (name == "root" && user != "root") yield return [user, name, "too much", "read, write", "*"];
        if (role is null || name == "root") yield break;
        if (Wanted(name, scope) is { } wanted)
        {
            foreach (KeyPermission extra in wanted.Lacking(role.Permissions)) yield return [user, name, "too much", Word(extra.Access), extra.ToString()];
            foreach (KeyPermission lacking in role.Lacking(wanted.Permissions)) yield return [user, name, "lacks", Word(lacking.Access), lacking.ToString()];
            yield break;
        }
        foreach (KeyPermission permission in role.Permissions.ToArray())
        {
            if (permission.Access.HasFlag(KeyAccess.Write) && EtcdRoles.Policy.Any(permission.Touches))
                yield return [user, name, "may write policy", Word(permission.Access), permission.ToString()];
        }
    }

    /// <summary>What a role of this name should allow; null for others' roles. Names end in the node's.</summary>
    private static EtcdRole? Wanted(string name, EtcdScope scope)
    {
        if (name == EtcdRoles.Operator) return EtcdRoles.Of("", scope).First(role => role.Name == name);
        string? start = EtcdRoles.Of("", scope).Select(role => role.Name).FirstOrDefault(start => start.EndsWith('-') && name.StartsWith(start, StringComparison.Ordinal) && name.Length > start.Length);
        return start is null ? null : EtcdRoles.Of(name[start.Length..], scope).First(role => role.Name == name);
    }

    private EtcdScope Scope(ParseResult parsed)
    {
        EtcdScope scope = new();
        if (parsed.GetValue(region) is { Length: > 0 } other) scope = scope with { Region = other };
        if (parsed.GetValue(docker) is { Length: > 0 } @namespace) scope = scope with { DockerNamespace = @namespace };
        if (parsed.GetValue(pool) is { } kept) scope = scope with { FlannelPool = kept };
        return parsed.GetValue(flannel) is { Length: > 0 } prefix ? scope with { FlannelPrefix = prefix.TrimEnd('/') } : scope;
    }

    private static string Word(KeyAccess access) => access switch
    {
        KeyAccess.Read => "read",
        KeyAccess.Write => "write",
        _ => "read, write",
    };
}
