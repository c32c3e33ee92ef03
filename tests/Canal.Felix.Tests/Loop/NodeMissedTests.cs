using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.Felix.Tests.Loop;

/// <summary>A Node that somebody deletes is asked for again, once each time.</summary>
public sealed class NodeMissedTests
{
    private static readonly Resource Self = Calico.Node(ResourceBuilder.ThisNode);

    [Fact]
    public void It_is_missed_when_it_was_there_and_is_deleted()
    {
        using LoopHost host = new();
        int missed = 0;
        host.Agent.NodeMissed = () => missed++;
        host.Start(SampleObjects.Ready);
        host.Put(Self);
        Assert.Equal(0, missed);
        host.Delete(Self);
        host.Wait(5);
        Assert.Equal(1, missed);
        host.Put(Self);
        host.Delete(Self);
        Assert.Equal(2, missed);
    }
}
