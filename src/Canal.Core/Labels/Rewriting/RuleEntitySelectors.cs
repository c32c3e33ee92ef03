using System.Collections.Immutable;

namespace Canal.Core.Labels;

/// <summary>The selecting fields of one side (source or destination) of a rule, as stored. An empty text means the field is absent.</summary>
/// <param name="Selector"><c>selector</c>.</param>
/// <param name="NotSelector"><c>notSelector</c>.</param>
/// <param name="NamespaceSelector"><c>namespaceSelector</c>.</param>
/// <param name="ServiceAccountNames"><c>serviceAccounts.names</c>, in any order.</param>
/// <param name="ServiceAccountSelector"><c>serviceAccounts.selector</c>.</param>
public sealed record RuleEntitySelectors(
    string Selector = "",
    string NotSelector = "",
    string NamespaceSelector = "",
    ImmutableArray<string> ServiceAccountNames = default,
    string ServiceAccountSelector = "");
