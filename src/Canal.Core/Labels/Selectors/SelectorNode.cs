using System.Text;

namespace Canal.Core.Labels;

/// <summary>A node of a selector's tree. Closed: the cases are the records of this folder. Equal when the trees are equal.</summary>
public abstract record SelectorNode
{
    private protected SelectorNode()
    {
    }

    /// <summary>How many groups (<see cref="AndNode"/>, <see cref="OrNode"/>) lie above the deepest leaf; each prints as one pair of parentheses.</summary>
    internal abstract int Height { get; }

    internal abstract bool Matches(in LabelLookup labels);

    internal abstract void WriteTo(StringBuilder text);

    internal abstract SelectorNode Rewrite(NodeRewrite rewrite);

    /// <summary>The canonical text of this part.</summary>
    public sealed override string ToString()
    {
        var text = new StringBuilder();
        WriteTo(text);
        return text.ToString();
    }
}
