using System.Text;

namespace Canal.Core.Labels;

/// <summary><c>global()</c>: always true by itself; in a namespace selector it is rewritten to "not in any namespace".</summary>
public sealed record GlobalNode : SelectorNode
{
    internal override int Height => 0;

    internal override bool Matches(in LabelLookup labels) => true;

    internal override void WriteTo(StringBuilder text) => text.Append("global()");

    internal override SelectorNode Rewrite(NodeRewrite rewrite) => rewrite.Global ?? this;
}
