using System.Text;

namespace Canal.Core.Labels;

/// <summary><c>!operand</c>.</summary>
/// <remarks>The parser folds <c>!!a</c> to <c>a</c> but keeps <c>!(!a)</c>, whose canonical text is <c>!!a</c>; so does Calico, and identities depend on it.</remarks>
public sealed record NotNode : SelectorNode
{
    internal NotNode(SelectorNode operand) => Operand = operand;

    public SelectorNode Operand { get; }

    internal override int Height => Operand.Height;

    internal override bool Matches(in LabelLookup labels) => !Operand.Matches(labels);

    internal override void WriteTo(StringBuilder text)
    {
        text.Append('!');
        Operand.WriteTo(text);
    }

    internal override SelectorNode Rewrite(NodeRewrite rewrite) => new NotNode(Operand.Rewrite(rewrite));
}
