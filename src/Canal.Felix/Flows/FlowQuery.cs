using System.Globalization;
using Canal.Felix.Revocation;

namespace Canal.Felix.Flows;

/// <summary>
/// Which flows somebody asks for: <c>after=41 endpoint=default/w0 policy=gnp/web verdict=denied</c>, each of them or none. A name alone is enough of an endpoint or
/// a policy.
/// </summary>
/// <param name="After">Of what was denied, only what happened after this number.</param>
/// <param name="Endpoint">One end is this endpoint; null for any.</param>
/// <param name="Policy">A rule of this policy or profile decided at one end; null for any.</param>
/// <param name="Allowed">What policy says of it; null for whatever it is.</param>
internal sealed record FlowQuery(long After, string? Endpoint, string? Policy, bool? Allowed)
{
    /// <summary>Null, and what is wrong, when the words are no query.</summary>
    public static FlowQuery? Parse(string text, out string problem)
    {
        FlowQuery query = new(0, null, null, null);
        problem = "";
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            (string name, string value) = word.Split('=', 2) is [string left, string right] ? (left, right) : (word, "");
            switch (name)
            {
                case "after" when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long after): query = query with { After = after }; break;
                case "endpoint" when value.Length > 0: query = query with { Endpoint = value }; break;
                case "policy" when value.Length > 0: query = query with { Policy = value }; break;
                case "verdict" when value is "allowed" or "denied": query = query with { Allowed = value == "allowed" }; break;
                default:
                    problem = $"'{word}' is not after=NUMBER, endpoint=NAME, policy=NAME or verdict=allowed|denied";
                    return null;
            }
        }
        return query;
    }

    public bool IsEndpoint(string name) => Endpoint is null || IsNamed(name, Endpoint);

    /// <summary>Of what was denied.</summary>
    public bool Wants(string endpoint, string? policy) => Allowed is not true && IsEndpoint(endpoint) && IsPolicy(policy);

    /// <summary>Of what is tracked.</summary>
    public bool Wants(FlowVerdict verdict) => (Allowed is null || Allowed == verdict.Allowed) && Any(verdict, end => IsEndpoint(end.Endpoint)) && (Policy is null || Any(verdict, end => IsPolicy(FlowText.Policy(end))));

    private bool IsPolicy(string? name) => Policy is null || (name is not null && IsNamed(name, Policy));

    private static bool Any(FlowVerdict verdict, Func<FlowEnd, bool> holds) => (verdict.Egress is { } egress && holds(egress)) || (verdict.Ingress is { } ingress && holds(ingress));

    private static bool IsNamed(string name, string wanted) => name == wanted || name.EndsWith($"/{wanted}", StringComparison.Ordinal);
}
