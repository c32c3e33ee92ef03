using System.Text;

namespace Canal.Core.Labels;

/// <summary><c>has(label)</c>: true when the label is present, whatever its value.</summary>
public sealed record PresenceNode : SelectorNode
{
    internal PresenceNode(string label) => Label = label;

    public string Label { get; }

    internal override int Height => 0;

    internal override bool Matches(in LabelLookup labels) => labels.Find(Label) is not null;

    internal override void WriteTo(StringBuilder text) => text.Append("has(").Append(Label).Append(')');

    internal override SelectorNode Rewrite(NodeRewrite rewrite) => new PresenceNode(rewrite.Prefix + Label);
}
