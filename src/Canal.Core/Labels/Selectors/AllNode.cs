using System.Text;

namespace Canal.Core.Labels;

/// <summary><c>all()</c>: always true.</summary>
public sealed record AllNode : SelectorNode
{
    internal override int Height => 0;

    internal override bool Matches(in LabelLookup labels) => true;

    internal override void WriteTo(StringBuilder text) => text.Append("all()");

    internal override SelectorNode Rewrite(NodeRewrite rewrite) => rewrite.All ?? this;
}
