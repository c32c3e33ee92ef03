using Canal.Hosting;

namespace Canal.Felix;

/// <summary>Looks for Calico's own agent in this network namespace: two agents would undo each other's work.</summary>
internal static class ForeignFelix
{
    /// <exception cref="StartException">It runs.</exception>
    public static void Refuse()
    {
        if (ForeignProcess.Find("calico-felix") is string foreign) throw new StartException($"{foreign} runs on this host and programs the same things: stop and disable it first");
    }
}
