namespace Canal.Linux.Routing;

/// <summary>Tells changes of the kernel's routing side as they happen. One receiver at a time.</summary>
public interface ILinkMonitor
{
    /// <summary>Waits until something is heard, then appends all that is queued (up to a bound) to the list. May append nothing: messages of no interest.</summary>
    ValueTask ReceiveAsync(List<KernelEvent> into, CancellationToken stop);
}
