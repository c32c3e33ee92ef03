namespace Canal.Datastore;

/// <summary>Decides which changes of the connection are worth telling: each once.</summary>
internal sealed class LinkState
{
    private bool connected;
    private uint toldFailures;

    public WatchBatch.Connected? Connect(string endpoint)
    {
        if (connected)
            return null;
        connected = true;
        toldFailures = 0;
        return new WatchBatch.Connected(endpoint);
    }

    /// <summary>Several endpoints may fail in different ways in turn, for hours: each kind is told once an outage.</summary>
    public WatchBatch.Lost? Lose(EtcdException failure)
    {
        uint bit = 1u << (int)failure.Failure;
        if ((toldFailures & bit) != 0)
            return null;
        connected = false;
        toldFailures |= bit;
        return new WatchBatch.Lost(failure.Failure, failure.Message);
    }
}
