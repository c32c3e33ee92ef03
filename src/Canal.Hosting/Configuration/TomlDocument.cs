using System.Collections.Immutable;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Canal.Hosting;

/// <summary>
/// A TOML 1.1 text as sections with positions, read by Tomlyn's parser. Its own check for duplicates is switched off: ours compares settings, not spellings, and says where the
/// first one is. After syntax errors only what stands before the first of them is kept, since the parser's guesses about the rest would yield nonsense errors.
/// </summary>
internal sealed record TomlDocument(ImmutableArray<TomlSection> Sections, ImmutableArray<ConfigurationError> Errors)
{
    public static TomlDocument Parse(string text, string file)
    {
        try
        {
            DocumentSyntax syntax = SyntaxParser.Parse(text, file, validate: false);
            ImmutableArray<ConfigurationError> errors = SyntaxErrors(syntax.Diagnostics, file);
            return new TomlDocument(Before(errors, ReadSections(syntax)), errors);
        }
        catch (TomlException error)
        {
            // Nesting beyond the parser's limit (64) ends it with an exception instead of a diagnostic.
            return new TomlDocument([], [new ConfigurationError(file, error.Line ?? 1, error.Column ?? 1, FirstLine(error.Message))]);
        }
        catch (ArgumentOutOfRangeException)
        {
            // Tomlyn 2.10.2 prints the character after a backslash without asking whether there is one.
            string[] lines = text.Split('\n');
            return new TomlDocument([], [new ConfigurationError(file, lines.Length, lines[^1].Length, "syntax error: the file ends inside an escape sequence")]);
        }
    }

    private static ImmutableArray<ConfigurationError> SyntaxErrors(DiagnosticsBag diagnostics, string file)
    {
        List<ConfigurationError> errors = [];
        foreach (DiagnosticMessage diagnostic in diagnostics)
        {
            TomlPosition at = Position(diagnostic.Span.Start);
            // One a line: the others are the parser stumbling over the first.
            if (diagnostic.Kind == DiagnosticMessageKind.Error && !errors.Exists(error => error.Line == at.Line))
                errors.Add(new ConfigurationError(file, at.Line, at.Column, "syntax error: " + FirstLine(diagnostic.Message)));
        }
        return [.. errors];
    }

    private static ImmutableArray<TomlSection> Before(ImmutableArray<ConfigurationError> errors, IEnumerable<TomlSection> sections)
    {
        int end = errors.IsEmpty ? int.MaxValue : errors.Min(error => error.Line);
        return [.. sections.Where(section => section.Position.Line < end)
            .Select(section => section with { Entries = [.. section.Entries.Where(entry => entry.Position.Line < end)] })];
    }

    private static IEnumerable<TomlSection> ReadSections(DocumentSyntax syntax)
    {
        yield return new TomlSection("", new TomlPosition(0, 0), IsArray: false, Entries(syntax.KeyValues));
        foreach (TableSyntaxBase table in syntax.Tables)
            if (table.Name is { } name)
                yield return new TomlSection(KeyText(name), Position(name.Span.Start), table is TableArraySyntax, Entries(table.Items));
    }

    private static ImmutableArray<TomlEntry> Entries(SyntaxList<KeyValueSyntax> items)
    {
        ImmutableArray<TomlEntry>.Builder entries = ImmutableArray.CreateBuilder<TomlEntry>(items.ChildrenCount);
        foreach (KeyValueSyntax item in items)
            if (Entry(item) is { } entry)
                entries.Add(entry);
        return entries.ToImmutable();
    }

    // The parser leaves holes where it reported an error.
    private static TomlEntry? Entry(KeyValueSyntax? item) =>
        item is { Key: { } key, Value: { } value } ? new TomlEntry(KeyText(key), Position(key.Span.Start), Value(value)) : null;

    private static TomlValue Value(ValueSyntax value)
    {
        TomlPosition at = Position(value.Span.Start);
        return value switch
        {
            StringValueSyntax text => new TomlString(text.Value ?? "", at),
            IntegerValueSyntax integer => new TomlInteger(integer.Value, at),
            FloatValueSyntax number => new TomlFloat(number.Value, at),
            BooleanValueSyntax boolean => new TomlBool(boolean.Value, at),
            ArraySyntax array => new TomlList([.. array.Items.Where(item => item.Value is not null).Select(item => Value(item.Value!))], at),
            InlineTableSyntax table => new TomlTable([.. table.Items.Select(item => Entry(item.KeyValue)).OfType<TomlEntry>()], at),
            _ => new TomlDateTime(at),
        };
    }

    private static string KeyText(KeySyntax key) => string.Join('.', key.DotKeys.Select(item => Part(item.Key)).Prepend(Part(key.Key)));

    // A quoted part with a dot in it is one part, not two; it keeps its quotes so that it equals no setting.
    private static string Part(BareKeyOrStringValueSyntax? part) => part switch
    {
        BareKeySyntax bare => bare.Key?.Text ?? "",
        StringValueSyntax { Value: { } text } => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? text : Quoted.Text(text),
        _ => "",
    };

    private static TomlPosition Position(TextPosition position) => new(position.Line + 1, position.Column + 1);

    private static string FirstLine(string message) => EscapedText.Of(message.Split('\n')[0].Replace("␤", "end of line", StringComparison.Ordinal).TrimEnd());
}
