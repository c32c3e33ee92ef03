using Canal.Hosting;

namespace Canal.FlannelBridge;

/// <summary>Looks for flannel's own agent in this network namespace: two would take each other's lease and devices.</summary>
internal static class ForeignFlannel
{
    /// <exception cref="StartException">It runs.</exception>
    public static void Refuse()
    {
        if (ForeignProcess.Find("flanneld") is string foreign) throw new StartException($"{foreign} runs on this host and programs the same things: stop and disable it first");
    }
}
