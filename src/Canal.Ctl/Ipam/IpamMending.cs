using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl;

/// <summary>Does away with findings of <see cref="IpamAudit"/>, each only if it is still what was found. Leaks are left: who looks once cannot tell one from an
/// address that is just being given to a container.</summary>
internal sealed class IpamMending(IpamStore ipam, IpamState state)
{
    /// <summary>What was done, as a sentence that goes on after the subject; null when nothing can be or had to be.</summary>
    public Task<string?> MendAsync(IpamFinding finding, CancellationToken stop) => finding switch
    {
        { Kind: IpamFindingKind.HandleDiffers } => HandleAsync(finding.Subject, stop),
        { Kind: IpamFindingKind.ClaimDiffers, Owner: { } owner, Block: { } block } => ClaimAsync(owner, block, stop),
        { Kind: IpamFindingKind.OwnerGone, Owner: { } owner, Block: { } block } => GiveUpAsync(owner, block, mustBeEmpty: false, stop),
        { Kind: IpamFindingKind.NoPool, Owner: { } owner, Block: { } block } => GiveUpAsync(owner, block, mustBeEmpty: true, stop),
        { Kind: IpamFindingKind.NotAssigned } => AssignAsync(IpAddress.Parse(finding.Subject), stop),
        _ => Task.FromResult<string?>(null),
    };

    private async Task<string?> HandleAsync(string handle, CancellationToken stop)
    {
        Cidr[] blocks = [.. state.Blocks.Values.Where(block => block.Attributes.Any(attribute => attribute.HandleId == handle)).Select(block => block.Cidr)
            .Union(state.Handles.GetValueOrDefault(handle)?.Blocks.Select(count => count.Block) ?? [])];
        return await ipam.MendHandleAsync(handle, blocks, stop) ? "says now what the blocks hold of it" : null;
    }

    private async Task<string?> ClaimAsync(BlockOwner owner, Cidr block, CancellationToken stop) =>
        await ipam.MendClaimAsync(owner, block, stop) ? $"{owner} has a claim to it now if it is its, and none if it is not" : null;

    private async Task<string?> GiveUpAsync(BlockOwner owner, Cidr block, bool mustBeEmpty, CancellationToken stop) =>
        await ipam.ReleaseAsync(owner, block, mustBeEmpty, stop) == AffinityResult.Done ? $"is not {owner}'s any more" : null;

    /// <summary>Without a handle: who uses it does not tell which it would be, so it has to be released by its address, which ipam check will say.</summary>
    private async Task<string?> AssignAsync(IpAddress address, CancellationToken stop)
    {
        if (state.UserNodes.GetValueOrDefault(address) is not { } node)
            return null;
        SpecificOutcome outcome = await ipam.AssignAsync(new SpecificRequest
        {
            Owner = BlockOwner.Host(node),
            Address = address,
            Attributes = LabelMap.Create([new("node", node), new("note", "assigned by canalctl ipam repair")]),
            Now = ipam.Now,
        }, stop);
        return outcome.Result == SpecificResult.Assigned ? "is assigned now" : null;
    }
}
