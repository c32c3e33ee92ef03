using Canal.Core.Access;

namespace Canal.Core.Tests.Access;

public sealed class KeyPermissionTests
{
    [Fact]
    public void A_permission_covers_what_it_allows_and_no_more()
    {
        Assert.True(KeyPermission.UseAll("/a/").Covers(KeyPermission.Read("/a/b")));
        Assert.True(KeyPermission.UseAll("/a/").Covers(KeyPermission.ReadAll("/a/b")));
        Assert.True(KeyPermission.UseAll("").Covers(KeyPermission.UseAll("/a")));
        Assert.False(KeyPermission.ReadAll("/a/").Covers(KeyPermission.Use("/a/b")));
        Assert.False(KeyPermission.ReadAll("/a/").Covers(KeyPermission.Read("/a")));
        Assert.False(KeyPermission.Read("/a").Covers(KeyPermission.ReadAll("/a")));
        Assert.False(KeyPermission.Read("/a").Covers(KeyPermission.Read("/b")));
    }

    [Fact]
    public void Two_touch_when_there_is_a_key_that_both_are_about()
    {
        Assert.True(KeyPermission.UseAll("/a").Touches(KeyPermission.UseAll("/a/b")));
        Assert.True(KeyPermission.UseAll("/a/b").Touches(KeyPermission.UseAll("/a")));
        Assert.False(KeyPermission.UseAll("/a/").Touches(KeyPermission.UseAll("/b/")));
        Assert.False(KeyPermission.Use("/a").Touches(KeyPermission.UseAll("/a/")));
    }

    [Fact]
    public void Hosts_have_roles_of_their_own_that_never_may_write_policy()
    {
        foreach (EtcdRole role in EtcdRoles.Of("web1", new EtcdScope { FlannelPool = "flannel" }))
        {
            KeyPermission[] writes = [.. role.Permissions.Where(p => p.Access.HasFlag(KeyAccess.Write) && EtcdRoles.Policy.Any(p.Touches))];
            // Profiles of its networks that name none are made by canal-docker, and no others.
            KeyPermission[] allowed = role.Name == "canal-docker-web1" ? [KeyPermission.UseAll("/calico/resources/v3/projectcalico.org/profiles/docker-")] : [];
            if (role.Name == EtcdRoles.Operator) Assert.NotEmpty(writes);
            else Assert.Equal(allowed, writes);
            Assert.Equal(role.Permissions.Count, role.Permissions.Select(p => (p.Key, p.IsPrefix)).Distinct().Count());
        }
        EtcdRole docker = EtcdRoles.Of("web-1", new EtcdScope { DockerNamespace = "boxes" }).Single(role => role.Name == "canal-docker-web-1");
        Assert.Contains(KeyPermission.UseAll("/calico/resources/v3/projectcalico.org/workloadendpoints/boxes/web--1-libnetwork-libnetwork-"), docker.Permissions);
        EtcdRole felix = EtcdRoles.Of("web1", new EtcdScope())[0];
        Assert.Contains(KeyPermission.Use("/calico/resources/v3/projectcalico.org/nodes/web1"), felix.Permissions);
        Assert.Contains(KeyPermission.UseAll("/calico/ipam/v2/host/web1/"), felix.Permissions);
        // Whichever of a host's agents comes first makes its Node.
        foreach (EtcdRole agent in EtcdRoles.Of("web1", new EtcdScope()).Where(role => role.Name is "canal-felix-web1" or "canal-bird-config-renderer-web1" or "canal-flannel-bridge-web1"))
            Assert.Empty(agent.Lacking([KeyPermission.Use("/calico/resources/v3/projectcalico.org/nodes/web1")]));
        // A node's name may be a word that stands in keys before it.
        Assert.Contains(KeyPermission.UseAll("/calico/ipam/v2/host/host/"), EtcdRoles.Of("host", new EtcdScope())[0].Permissions);
        Assert.Contains(KeyPermission.UseAll("/calico/felix/v2/no-region/host/web1/"), felix.Permissions);
        Assert.Empty(felix.Lacking([KeyPermission.Read("/calico/resources/v3/projectcalico.org/tiers/default")]));
        Assert.Single(felix.Lacking([KeyPermission.Use("/calico/resources/v3/projectcalico.org/nodes/web2")]));
    }
}
