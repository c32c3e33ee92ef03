using Canal.Core.Resources;

namespace Canal.Core.Tests.Calculation;

/// <summary>A state of the cluster and what the node's dataplane must then hold, as <see cref="AccumulatedState.Describe()"/> says it.</summary>
internal sealed record NamedState(string Name, Resource[] Resources, string[] Expected)
{
    public override string ToString() => Name;
}
