using Canal.Linux.Routing;
using Canal.Testing;

namespace Canal.Kernel.Tests.Routing;

/// <summary>Makes the same changes to the fake and to the kernel and holds them to the same answers and the same state.</summary>
internal sealed class Parity : IDisposable
{
    /// <summary>An index no link has.</summary>
    internal const string Nowhere = "nowhere";

    private readonly RoutingNamespace kernel = RoutingNamespace.Open();
    private readonly FakeRouteStack fake = new();
    private readonly List<string> history = [];

    /// <summary>Both begin with the loopback up: without it the kernel has no local table and takes gateways for invalid.</summary>
    internal Parity() => Do(_ => KernelChange.SetUp(1, up: true));

    internal FakeRouteStack Fake => fake;

    internal NetlinkRouteStack Kernel => kernel.Stack;

    /// <summary>Makes the change on both, compares errno and everything they hold; returns the errno.</summary>
    internal int Do(Func<Func<string, int>, KernelChange> change)
    {
        KernelChange toKernel = change(name => IndexOf(kernel.Stack, name)), toFake = change(name => IndexOf(fake, name));
        ChangeResult truth = kernel.Stack.Try(toKernel), imitation = fake.Try(toFake);
        history.Add($"{toFake.Print(new LinkNames(fake.Links()))}: {truth.Errno} {truth.Detail}");
        if (truth.Errno != imitation.Errno)
            Assert.Fail($"kernel answers {truth.Errno} ({truth.Detail}), fake {imitation.Errno} after\n{string.Join('\n', history)}\nkernel:\n{FakeRouteStackText.Write(kernel.Stack)}");
        string real = FakeRouteStackText.Write(kernel.Stack), faked = fake.Dump();
        if (real != faked) Assert.Fail($"after\n{string.Join('\n', history)}\nonly in the kernel:\n{Without(real, faked)}\nonly in the fake:\n{Without(faked, real)}");
        return truth.Errno;
    }

    /// <summary>A veth whose other end is up.</summary>
    internal void AddVeth(string name)
    {
        Assert.Equal(0, Do(_ => KernelChange.Add(new Link { Name = name, Kind = "veth", Detail = new VethDetail($"p-{name}") })));
        Assert.Equal(0, Do(index => KernelChange.SetUp(index($"p-{name}"), up: true)));
    }

    private static string Without(string one, string other) => string.Join('\n', one.Split('\n').Except(other.Split('\n')));

    private static int IndexOf(IRouteStack stack, string name) => name == Nowhere ? 4711 : stack.FindLink(name)?.Index ?? 4712;

    public void Dispose() => kernel.Dispose();
}
