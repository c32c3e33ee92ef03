namespace Canal.Cni;

/// <summary>The commands a plugin answers. What they return goes to stdout; failures are exceptions.</summary>
internal abstract class CniPlugin
{
    public abstract Task<CniResult> AddAsync(CniCall call, CancellationToken stop);

    /// <summary>Succeeds when there is nothing to delete.</summary>
    public abstract Task DeleteAsync(CniCall call, CancellationToken stop);

    public abstract Task CheckAsync(CniCall call, CancellationToken stop);

    /// <summary>Deletes everything that belongs to none of the valid attachments.</summary>
    public abstract Task CollectAsync(CniCall call, CancellationToken stop);

    /// <summary>Throws when an ADD would fail.</summary>
    public abstract Task StatusAsync(CniCall call, CancellationToken stop);
}
