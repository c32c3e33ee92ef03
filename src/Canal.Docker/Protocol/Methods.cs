using System.Net;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Linux.Netlink;
using Serilog;

namespace Canal.Docker;

/// <summary>Docker's methods by their names.</summary>
internal sealed class Methods(NetworkDriver networks, AddressDriver addresses, ILogger log)
{
    /// <exception cref="DriverException">It cannot be done.</exception>
    public async Task<JsonObject> AnswerAsync(string method, JsonObject request, CancellationToken stop)
    {
        try
        {
            return await DoAsync(method, request, stop);
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            log.Warning("{Method}: {Reason}", method, e.Message);
            if (e is DriverException) throw;
            bool known = e is EtcdException or IpamException or NetlinkException or IOException or UnauthorizedAccessException or OperationCanceledException;
            throw new DriverException(known ? e.Message : $"{e.GetType().Name}: {e.Message}");
        }
    }

    private async Task<JsonObject> DoAsync(string method, JsonObject request, CancellationToken stop)
    {
        switch (method)
        {
            case "Plugin.Activate": return new JsonObject { ["Implements"] = new JsonArray("NetworkDriver", "IpamDriver") };
            // Every host makes its own networks; their containers reach those of other hosts.
            case "NetworkDriver.GetCapabilities": return new JsonObject { ["Scope"] = "local", ["ConnectivityScope"] = "global" };
            case "NetworkDriver.CreateNetwork": return networks.Create(request);
            case "NetworkDriver.DeleteNetwork": return await networks.DeleteAsync(request, stop);
            case "NetworkDriver.CreateEndpoint": return await networks.CreateEndpointAsync(request, stop);
            case "NetworkDriver.DeleteEndpoint": return await networks.DeleteEndpointAsync(request, stop);
            case "NetworkDriver.EndpointOperInfo": return new JsonObject { ["Value"] = new JsonObject() };
            case "NetworkDriver.Join": return await networks.JoinAsync(request, stop);
            case "NetworkDriver.Leave": return networks.Leave(request);
            // Ports are reached at the containers' own addresses; nodes are known from etcd.
            case "NetworkDriver.ProgramExternalConnectivity" or "NetworkDriver.RevokeExternalConnectivity" or "NetworkDriver.DiscoverNew" or "NetworkDriver.DiscoverDelete": return [];
            // With its hardware address a request that comes again is known.
            case "IpamDriver.GetCapabilities": return new JsonObject { ["RequiresMACAddress"] = true, ["RequiresRequestReplay"] = false };
            case "IpamDriver.GetDefaultAddressSpaces": return new JsonObject { ["LocalDefaultAddressSpace"] = "CanalLocal", ["GlobalDefaultAddressSpace"] = "CanalGlobal" };
            case "IpamDriver.RequestPool": return await addresses.RequestPoolAsync(request, stop);
            case "IpamDriver.ReleasePool": return [];
            case "IpamDriver.RequestAddress": return await addresses.RequestAddressAsync(request, stop);
            case "IpamDriver.ReleaseAddress": return await addresses.ReleaseAddressAsync(request, stop);
            // Docker goes on without a method when it is answered so.
            default: throw new DriverException($"{Problem.Quote(method)} is not a method of this driver", HttpStatusCode.NotFound);
        }
    }
}
