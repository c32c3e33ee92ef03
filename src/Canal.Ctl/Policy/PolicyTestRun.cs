using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Runs the tests of a file over resources.</summary>
internal static class PolicyTestRun
{
    public static IEnumerable<PolicyTestResult> Run(PolicyTestFile file, IReadOnlyList<Resource> resources)
    {
        Resource[] all = [.. resources, .. file.Endpoints];
        PolicyEvaluator evaluator = new(all);
        foreach (PolicyTest test in file.Tests)
            yield return Run(test, evaluator, all);
    }

    private static PolicyTestResult Run(PolicyTest test, PolicyEvaluator evaluator, Resource[] resources)
    {
        string detail = "";
        foreach (string from in test.From)
        {
            foreach (string to in test.To)
            {
                (bool passed, detail) = Try(test, from, to, evaluator, resources);
                if (!passed)
                    return new PolicyTestResult(test, test.From.Count * test.To.Count > 1 ? $"{from} to {to}: {detail}" : detail, false);
            }
        }
        return new PolicyTestResult(test, detail, true);
    }

    private static (bool Passed, string Detail) Try(PolicyTest test, string from, string to, PolicyEvaluator evaluator, Resource[] resources)
    {
        try
        {
            PacketEnd source = PacketEnd.Find(from, resources), destination = PacketEnd.Find(to, resources);
            (Canal.Core.Addressing.IpAddress left, Canal.Core.Addressing.IpAddress right) = PacketEnd.Pair(source, destination);
            Packet packet = new(left, right, test.Protocol)
            {
                SourcePort = test.Port > 0 ? PacketOptions.SourcePort : default,
                DestinationPort = test.Port,
                IcmpType = 8,
            };
            PacketPath path = PacketPath.Follow(evaluator, source, destination, packet);
            return (path.Allowed == test.Allowed, PathWriter.Reason(path));
        }
        catch (CommandException error)
        {
            return (false, error.Message);
        }
    }
}
