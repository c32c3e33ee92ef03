using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Nodes;

/// <summary>
/// A Node as it is in etcd, to be completed: what is missing is filled in, what is there is another's decision and stays, but for what a tunnel's address and
/// the public keys must be. Fields that nobody here knows stay too.
/// </summary>
public sealed class NodeDraft
{
    private readonly ResourceDocument document;

    private NodeDraft(ResourceDocument document) => this.document = document;

    /// <summary>Something was filled in.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>A Node that is not there yet.</summary>
    public static NodeDraft New(string name, string uid, string created)
    {
        ResourceDocument document = ResourceDocument.From(new JsonObject { ["kind"] = "Node", ["apiVersion"] = "projectcalico.org/v3" });
        (document.Name, document.Uid, document.CreationTimestamp) = (name, uid, created);
        document.EnsureSpec();
        return new NodeDraft(document) { IsChanged = true };
    }

    /// <summary>One that is there; null with the problem when it cannot be understood.</summary>
    public static NodeDraft? Of(ReadOnlySpan<byte> json, out Problem problem) => ResourceDocument.Parse(json, out problem) is { } document ? new NodeDraft(document) : null;

    /// <summary>The host's address of a family, where the Node has none.</summary>
    public void SetHostAddress(InterfaceAddress address) => Fill(["bgp", address.Address.Family == IpFamily.V4 ? "ipv4Address" : "ipv6Address"], address.ToString());

    /// <summary>A tunnel's address, where the Node has none.</summary>
    public void SetTunnelAddress(TunnelAddress tunnel, IpAddress address) => Fill(tunnel.Path.AsSpan(), address.ToString());

    /// <summary>Another address for a tunnel in place of this text, or (null) none; where the text is another by now, nothing is done. What is empty then goes, as in Calico.</summary>
    public void ReplaceTunnelAddress(TunnelAddress tunnel, string now, IpAddress? address)
    {
        if (now.Length == 0 || TunnelAddressOf(tunnel) != now) return;
        JsonObject at = document.EnsureSpec();
        foreach (string name in tunnel.Path.AsSpan()[..^1]) at = (JsonObject)at[name]!;
        if (address is { } other) at[tunnel.Path[^1]] = other.ToString();
        else at.Remove(tunnel.Path[^1]);
        if (at.Count == 0 && tunnel.Path.Length > 1) document.EnsureSpec().Remove(tunnel.Path[0]);
        IsChanged = true;
    }

    /// <summary>
    /// The host's public keys of WireGuard, empty for none. The host alone knows them: what is there is replaced. Where the status is not one, nothing is done.
    /// </summary>
    public void SetWireGuardKeys(string v4, string v6)
    {
        SetStatus("wireguardPublicKey", v4);
        SetStatus("wireguardPublicKeyV6", v6);
    }

    private void SetStatus(string name, string value)
    {
        JsonObject? status = document.Root["status"] as JsonObject;
        if ((status is null ? "" : ResourceDocument.Text(status, name)) == value && (value.Length > 0 || status?.ContainsKey(name) != true)) return;
        if (status is null)
        {
            if (document.Root["status"] is not null) return;
            document.Root["status"] = status = [];
        }
        if (value.Length > 0) status[name] = value;
        else status.Remove(name);
        if (status.Count == 0) document.Root.Remove("status");
        IsChanged = true;
    }

    /// <summary>The Node tells an address of the host in this family, whatever it is worth.</summary>
    public bool HasHostAddress(IpFamily family) =>
        document.Spec?["bgp"] is { } bgp && (bgp is not JsonObject fields || (fields[family == IpFamily.V4 ? "ipv4Address" : "ipv6Address"] is { } address && address.ToString().Length > 0));

    /// <summary>A tunnel's address can be filled in: its place is empty, and what is around it is as it should be.</summary>
    public bool CanTakeTunnelAddress(TunnelAddress tunnel)
    {
        JsonNode? at = document.Spec;
        foreach (string name in tunnel.Path.AsSpan()[..^1])
        {
            at = (at as JsonObject)?[name];
            if (at is not null and not JsonObject) return false;
        }
        return at is null || TunnelAddressOf(tunnel).Length == 0;
    }

    /// <summary>The tunnel's address as it is written; empty when the Node has none.</summary>
    public string TunnelAddressOf(TunnelAddress tunnel)
    {
        JsonNode? at = document.Spec;
        foreach (string name in tunnel.Path) at = (at as JsonObject)?[name];
        return at is JsonValue value && value.TryGetValue(out string? text) ? text : "";
    }

    public byte[] ToStoredBytes() => document.ToStoredBytes();

    private void Fill(ReadOnlySpan<string> path, string value)
    {
        JsonObject at = document.EnsureSpec();
        foreach (string name in path[..^1])
        {
            // Something else in its place is another's mistake, which the reader tells of.
            if (at[name] is not null and not JsonObject) return;
            if (at[name] is not JsonObject next) at[name] = next = [];
            at = next;
        }
        if (at[path[^1]] is JsonValue present && present.TryGetValue(out string? text) && text.Length > 0) return;
        at[path[^1]] = value;
        IsChanged = true;
    }
}
