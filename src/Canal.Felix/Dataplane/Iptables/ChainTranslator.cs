using Canal.Core;
using Canal.Core.Addressing;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>Translates whole chains of the nftables table. Pure.</summary>
internal static class ChainTranslator
{
    /// <summary>What cannot be said denies, alone: a regular chain drops what comes to it, a base chain lacks the rule.</summary>
    public static TranslatedChain Translate(RenderedChain chain, IpFamily family, MarkBits marks)
    {
        List<IptablesChain> chains = [];
        List<Dispatch> dispatches = [];
        HashSet<string> calls = [];
        string? wrong = null;
        string name = IptablesNames.Chain(chain.Name);
        RuleTranslator rules = new(family, marks);
        foreach (NftRule rule in chain.Rules)
        {
            IReadOnlyList<NftStatement> statements = rule.Statements();
            try
            {
                if (statements is [NftStatement.Dispatch ask])
                {
                    // What follows is for those that the map does not know: it has to be a chain to be gone to from any depth of the map's chains.
                    string rest = IptablesNames.Chain($"{chain.Name}/rest{dispatches.Count}");
                    dispatches.Add(new Dispatch(ask.Map, ask.Field == NftField.InInterface ? "-i" : "-o", rest));
                    rules.GoTo("", IptablesNames.Chain(ask.Map + "/by"));
                    chains.AddRange([new IptablesChain(name, chain.Name, rules.Rules), .. rules.Steps]);
                    (name, rules) = (rest, new RuleTranslator(family, marks));
                    continue;
                }
                if (rules.Add(rule, statements) && statements[^1] is NftStatement.Decide { Verdict.Chain: string called }) calls.Add(called);
            }
            catch (NotSupportedException e)
            {
                wrong = e.Message;
                if (chain.Base is null) return Closed(chain, wrong);
            }
        }
        chains.AddRange([new IptablesChain(name, chain.Name, rules.Rules), .. rules.Steps]);
        return new TranslatedChain(chain, chains.ToEquatableArray(), calls.ToEquatableArray(), dispatches.ToEquatableArray(), wrong);
    }

    private static TranslatedChain Closed(RenderedChain chain, string wrong)
    {
        IptablesRule deny = new("", " -j DROP", RuleComments.Closed(chain.Name));
        return new TranslatedChain(chain, [new IptablesChain(IptablesNames.Chain(chain.Name), chain.Name, [deny])], default, default, wrong);
    }
}
