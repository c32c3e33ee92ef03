using System.Collections.Immutable;
using System.Text;

namespace Canal.Core.Labels;

/// <summary>Recursive descent over the tokens: or, and, not, primary. A method returns null once it has failed.</summary>
internal ref struct SelectorParser
{
    private readonly string text;
    private SelectorLexer lexer;
    private SelectorToken current;
    private SelectorError? error;
    private int nesting;

    private SelectorParser(string text)
    {
        this.text = text;
        lexer = new SelectorLexer(text);
    }

    public static SelectorNode? Parse(string text, out SelectorError? error)
    {
        var parser = new SelectorParser(text);
        SelectorNode? root = parser.ParseSelector();
        error = parser.error;
        return root;
    }

    private SelectorNode? ParseSelector()
    {
        if (!Advance())
            return null;
        if (current.Kind is SelectorTokenKind.End)
            return new AllNode();
        SelectorNode? root = ParseOr();
        if (root is null)
            return null;
        if (current.Kind is not SelectorTokenKind.End)
            return Fail("unexpected text after the selector's end");
        return root.Height > Selector.MaxNesting ? Fail($"nested more than {Selector.MaxNesting} levels deep") : root;
    }

    private SelectorNode? ParseOr()
    {
        SelectorNode? first = ParseAnd();
        if (first is null || current.Kind is not SelectorTokenKind.Or)
            return first;
        var operands = ImmutableArray.CreateBuilder<SelectorNode>();
        operands.Add(first);
        while (current.Kind is SelectorTokenKind.Or)
        {
            if (!Advance() || ParseAnd() is not { } next)
                return null;
            operands.Add(next);
        }
        return new OrNode(operands.ToImmutable());
    }

    private SelectorNode? ParseAnd()
    {
        SelectorNode? first = ParseNot();
        if (first is null || current.Kind is not SelectorTokenKind.And)
            return first;
        var operands = ImmutableArray.CreateBuilder<SelectorNode>();
        operands.Add(first);
        while (current.Kind is SelectorTokenKind.And)
        {
            if (!Advance() || ParseNot() is not { } next)
                return null;
            operands.Add(next);
        }
        return new AndNode(operands.ToImmutable());
    }

    private SelectorNode? ParseNot()
    {
        bool negated = false;
        while (current.Kind is SelectorTokenKind.Not)
        {
            negated = !negated;
            if (!Advance())
                return null;
        }
        SelectorNode? operand = ParsePrimary();
        return operand is not null && negated ? new NotNode(operand) : operand;
    }

    private SelectorNode? ParsePrimary() => current.Kind switch
    {
        SelectorTokenKind.Has => Then(new PresenceNode(current.Text)),
        SelectorTokenKind.All => Then(new AllNode()),
        SelectorTokenKind.Global => Then(new GlobalNode()),
        SelectorTokenKind.Label => ParseCondition(current.Text),
        SelectorTokenKind.OpenParenthesis => ParseGroup(),
        _ => Fail("expected a label, has(), all(), global(), '!' or '('"),
    };

    private SelectorNode? ParseGroup()
    {
        if (++nesting > Selector.MaxNesting)
            return Fail($"nested more than {Selector.MaxNesting} levels deep");
        if (!Advance() || ParseOr() is not { } inner)
            return null;
        nesting--;
        return current.Kind is SelectorTokenKind.CloseParenthesis ? Then(inner) : Fail("expected ')'");
    }

    private SelectorNode? ParseCondition(string label)
    {
        if (!Advance())
            return null;
        return current.Kind switch
        {
            SelectorTokenKind.Equal => ParseComparison(label, ComparisonOperator.Equal),
            SelectorTokenKind.NotEqual => ParseComparison(label, ComparisonOperator.NotEqual),
            SelectorTokenKind.Contains => ParseComparison(label, ComparisonOperator.Contains),
            SelectorTokenKind.StartsWith => ParseComparison(label, ComparisonOperator.StartsWith),
            SelectorTokenKind.EndsWith => ParseComparison(label, ComparisonOperator.EndsWith),
            SelectorTokenKind.In => ParseMembership(label, MembershipOperator.In),
            SelectorTokenKind.NotIn => ParseMembership(label, MembershipOperator.NotIn),
            _ => Fail("expected operator after label"),
        };
    }

    private SelectorNode? ParseComparison(string label, ComparisonOperator comparison)
    {
        if (!Advance())
            return null;
        return current.Kind is SelectorTokenKind.String ? Then(new ComparisonNode(label, comparison, current.Text)) : Fail("expected a quoted string");
    }

    private SelectorNode? ParseMembership(string label, MembershipOperator membership)
    {
        if (!Advance())
            return null;
        if (current.Kind is not SelectorTokenKind.OpenBrace)
            return Fail("expected '{'");
        var values = new List<string>();
        if (!Advance() || !ParseValues(values))
            return null;
        return current.Kind is SelectorTokenKind.CloseBrace ? Then(new MembershipNode(label, membership, values)) : Fail("expected '}'");
    }

    /// <summary>Reads strings with commas between them; one comma may follow the last.</summary>
    private bool ParseValues(List<string> values)
    {
        while (current.Kind is SelectorTokenKind.String)
        {
            values.Add(current.Text);
            if (!Advance())
                return false;
            if (current.Kind is not SelectorTokenKind.Comma)
                return true;
            if (!Advance())
                return false;
        }
        return true;
    }

    private SelectorNode? Then(SelectorNode node) => Advance() ? node : null;

    private bool Advance()
    {
        if (lexer.TryRead(out current, out string? failure))
            return true;
        Fail(failure);
        return false;
    }

    private SelectorNode? Fail(string reason)
    {
        int offset = Encoding.UTF8.GetByteCount(text.AsSpan(0, current.Position));
        error = new SelectorError(offset, reason);
        return null;
    }
}
