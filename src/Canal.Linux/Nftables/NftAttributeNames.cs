using System.Globalization;
using System.Text;
using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Names of attributes by the nest they stand in, for the place in an error.</summary>
/// <param name="Message">NFT_MSG_* number.</param>
/// <param name="Nest">Which list of names.</param>
internal readonly record struct NftAttributeNames(int Message, NftAttributeNames.Scope Nest = NftAttributeNames.Scope.Message)
{
    internal enum Scope
    {
        Message,
        Expressions,
        Expression,
        LookupExpression,
        ImmediateExpression,
        Lookup,
        Immediate,
        Elements,
        Element,
        Other,
    }

    private static readonly string[] Rule = ["", "TABLE", "CHAIN", "HANDLE", "EXPRESSIONS", "COMPAT", "POSITION", "USERDATA"];
    private static readonly string[] Chain = ["", "TABLE", "HANDLE", "NAME", "HOOK", "POLICY", "USE", "TYPE", "COUNTERS", "PAD", "FLAGS", "ID", "USERDATA"];
    private static readonly string[] Set =
        ["", "TABLE", "NAME", "FLAGS", "KEY_TYPE", "KEY_LEN", "DATA_TYPE", "DATA_LEN", "POLICY", "DESC", "ID", "TIMEOUT", "GC_INTERVAL", "USERDATA"];
    private static readonly string[] Elements = ["", "TABLE", "SET", "ELEMENTS", "SET_ID"];
    private static readonly string[] Table = ["", "NAME", "FLAGS"];
    private static readonly string[] Lookup = ["", "SET", "SREG", "DREG", "SET_ID", "FLAGS"];
    private static readonly string[] Immediate = ["", "DREG", "DATA"];
    private static readonly string[] Element = ["", "KEY", "DATA", "FLAGS"];

    /// <summary>The name of an attribute; an expression is called by its own name.</summary>
    internal string Name(int type, ReadOnlySpan<byte> payload)
    {
        if (Nest == Scope.Expressions) return ExpressionName(payload);
        if (Nest == Scope.Elements) return "element";
        // The DATA of an expression is not worth a word of its own.
        if (Nest is Scope.Expression or Scope.LookupExpression or Scope.ImmediateExpression) return type == NFTA_EXPR_DATA ? "" : "NAME";
        ReadOnlySpan<string> names = Names();
        return type < names.Length ? names[type] : string.Create(CultureInfo.InvariantCulture, $"#{type}");
    }

    /// <summary>The names inside an attribute.</summary>
    internal NftAttributeNames Inside(int type, ReadOnlySpan<byte> payload) => this with { Nest = InsideNest(type, payload) };

    internal bool IsText(int type) => (Nest, type) switch
    {
        (Scope.Message, 1) => true,
        (Scope.Message, 2) => Message is not (NFT_MSG_NEWTABLE or NFT_MSG_DELTABLE or NFT_MSG_NEWCHAIN or NFT_MSG_DELCHAIN),
        (Scope.Message, 3) => Message is NFT_MSG_NEWCHAIN or NFT_MSG_DELCHAIN,
        (Scope.Lookup, 1) => true,
        _ => false,
    };

    private Scope InsideNest(int type, ReadOnlySpan<byte> payload) => (Nest, type) switch
    {
        (Scope.Message, NFTA_RULE_EXPRESSIONS) when Message == NFT_MSG_NEWRULE => Scope.Expressions,
        (Scope.Message, NFTA_SET_ELEM_LIST_ELEMENTS) when Message is NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM => Scope.Elements,
        (Scope.Elements, _) => Scope.Element,
        (Scope.Expressions, _) => ExpressionName(payload) switch
        {
            "lookup" => Scope.LookupExpression,
            "immediate" => Scope.ImmediateExpression,
            _ => Scope.Expression,
        },
        (Scope.LookupExpression, NFTA_EXPR_DATA) => Scope.Lookup,
        (Scope.ImmediateExpression, NFTA_EXPR_DATA) => Scope.Immediate,
        _ => Scope.Other,
    };

    private ReadOnlySpan<string> Names() => (Nest, Message) switch
    {
        (Scope.Lookup, _) => Lookup,
        (Scope.Immediate, _) => Immediate,
        (Scope.Element, _) => Element,
        (Scope.Message, NFT_MSG_NEWRULE or NFT_MSG_DELRULE) => Rule,
        (Scope.Message, NFT_MSG_NEWCHAIN or NFT_MSG_DELCHAIN) => Chain,
        (Scope.Message, NFT_MSG_NEWSET or NFT_MSG_DELSET) => Set,
        (Scope.Message, NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM) => Elements,
        (Scope.Message, _) => Table,
        _ => [],
    };

    private static string ExpressionName(ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> name = new NetlinkAttributes(payload).Find(NFTA_EXPR_NAME);
        return Encoding.UTF8.GetString(name.TrimEnd((byte)0));
    }
}
