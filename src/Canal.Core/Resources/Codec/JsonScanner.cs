using System.Globalization;
using System.Text;
using System.Text.Json;
using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Reads one JSON value field by field without a document in between. It stands on a value: after <see cref="NextField"/> on the field's,
/// after <see cref="NextItem"/> on the item's. JSON null reads as the default of whatever is asked for, as Go does. After <see cref="Fail"/> every
/// loop ends, and the resource is unusable.</summary>
internal ref struct JsonScanner
{
    private readonly ReadOnlySpan<byte> json;
    private readonly StringPool? pool;
    private Utf8JsonReader reader;
    private ReadOnlySpan<byte> field;
    private List<Problem>? problems;

    public JsonScanner(ReadOnlySpan<byte> json, StringPool? pool)
    {
        this.json = json;
        this.pool = pool;
        reader = new Utf8JsonReader(json);
    }

    /// <summary>The value cannot be used.</summary>
    public bool Failed { get; private set; }

    public readonly EquatableArray<Problem> Problems => problems is null ? default : problems.ToEquatableArray();

    /// <summary>Steps onto the root value.</summary>
    public void Start() => reader.Read();

    /// <summary>Checks that nothing follows the root value; throws <see cref="JsonException"/> otherwise.</summary>
    public void Finish() => reader.Read();

    public readonly bool IsNull => reader.TokenType == JsonTokenType.Null;

    /// <summary>True on an object; false on null; on anything else the resource fails.</summary>
    public bool BeginObject()
    {
        if (reader.TokenType == JsonTokenType.StartObject) return true;
        if (!IsNull) Fail("is not an object");
        return false;
    }

    /// <summary>Steps to the next field of the object and onto its value; false at the object's end.</summary>
    public bool NextField()
    {
        if (Failed) return false;
        reader.Read();
        if (reader.TokenType != JsonTokenType.PropertyName) return false;
        field = reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan;
        reader.Read();
        return true;
    }

    /// <summary>Whether the field stepped to has this name.</summary>
    public readonly bool Is(ReadOnlySpan<byte> name) => field.SequenceEqual(name);

    /// <summary>The name of the field stepped to, shared.</summary>
    public readonly string FieldName() => StringPool.Get(pool, field);

    /// <summary>True on an array; false on null; on anything else the resource fails.</summary>
    public bool BeginArray()
    {
        if (reader.TokenType == JsonTokenType.StartArray) return true;
        if (!IsNull) Fail("is not a list");
        return false;
    }

    /// <summary>Steps onto the next item; false at the list's end.</summary>
    public bool NextItem()
    {
        if (Failed) return false;
        reader.Read();
        return reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Passes over the value, whatever it is.</summary>
    public void SkipValue() => reader.Skip();

    /// <summary>A string; empty for null.</summary>
    public string Text()
    {
        if (reader.TokenType == JsonTokenType.String) return reader.GetString()!;
        if (!IsNull) Fail("is not a string");
        return "";
    }

    /// <summary>A string that is likely to occur in other values too.</summary>
    public string SharedText() =>
        reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped ? StringPool.Get(pool, reader.ValueSpan) : Text();

    /// <summary>A string, given back as this known one when it is equal.</summary>
    public string TextOr(string known) => reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(known) ? known : Text();

    /// <summary>Copies the characters of a string and returns how many; none for null. Text that is longer than the buffer is cut, so the buffer has
    /// to be longer than any text that would be valid.</summary>
    public int Characters(scoped Span<char> buffer)
    {
        if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= buffer.Length) return reader.CopyString(buffer);
        ReadOnlySpan<char> text = Text();
        if (text.Length > buffer.Length) text = text[..buffer.Length];
        text.CopyTo(buffer);
        return text.Length;
    }

    /// <summary>A boolean; false for null.</summary>
    public bool Flag() => OptionalFlag() ?? false;

    public bool? OptionalFlag()
    {
        if (reader.TokenType is JsonTokenType.True or JsonTokenType.False) return reader.GetBoolean();
        if (!IsNull) Fail("is not true or false");
        return null;
    }

    /// <summary>A finite number.</summary>
    public double? Number()
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out double value) && double.IsFinite(value)) return value;
        if (!IsNull) Fail("is not a number");
        return null;
    }

    /// <summary>A whole number between these bounds, both allowed.</summary>
    public long? Integer(long least, long most)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long value) && value >= least && value <= most) return value;
        if (!IsNull) Fail(string.Create(CultureInfo.InvariantCulture, $"is not a whole number from {least} to {most}"));
        return null;
    }

    /// <summary>A whole number of 64 bits without sign.</summary>
    public ulong? Unsigned()
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetUInt64(out ulong value)) return value;
        if (!IsNull) Fail("is not a whole number of 64 bits");
        return null;
    }

    public readonly bool IsNumber => reader.TokenType == JsonTokenType.Number;

    public readonly bool IsString => reader.TokenType == JsonTokenType.String;

    /// <summary>As <see cref="Characters"/>, for a number its digits as written.</summary>
    public int NumberOrCharacters(scoped Span<char> buffer)
    {
        if (!IsNumber) return Characters(buffer);
        ReadOnlySpan<byte> digits = reader.ValueSpan;
        return Encoding.ASCII.GetChars(digits.Length <= buffer.Length ? digits : digits[..buffer.Length], buffer);
    }

    /// <summary>
    /// The value's JSON text exactly; passes over it. Whoever takes it apart later must be able to read every string in it: one that is no Unicode text throws
    /// <see cref="InvalidOperationException"/> here already, as it does where strings are read.
    /// </summary>
    public string Raw()
    {
        int start = (int)reader.TokenStartIndex;
        Utf8JsonReader within = reader;
        reader.Skip();
        RequireText(within, reader.BytesConsumed);
        return Encoding.UTF8.GetString(json[start..(int)reader.BytesConsumed]);
    }

    private static void RequireText(Utf8JsonReader within, long end)
    {
        do
        {
            if (within.TokenType is JsonTokenType.String or JsonTokenType.PropertyName) within.GetString();
        }
        while (within.BytesConsumed < end && within.Read());
    }

    /// <summary>Makes the resource unusable because of the value stood on.</summary>
    public void Fail(string sentence)
    {
        if (!Failed) Note(sentence);
        Failed = true;
    }

    /// <summary>Where the value stood on begins, for <see cref="FailFrom"/>.</summary>
    public readonly long Position => reader.TokenStartIndex;

    /// <summary>Makes the resource unusable because of a value passed before.</summary>
    public void FailFrom(long position, string sentence) => FailAt(JsonPath.At(json, position), sentence);

    /// <summary>Notes a problem with a value passed before, which is left out.</summary>
    public void NoteFrom(long position, string sentence) => (problems ??= []).Add(new Problem(JsonPath.At(json, position), sentence));

    /// <summary>Makes the resource unusable because of something not there.</summary>
    public void FailAt(string path, string sentence)
    {
        (problems ??= []).Add(new Problem(path, sentence));
        Failed = true;
    }

    /// <summary>Leaves the value out and goes on.</summary>
    public void Drop(string sentence)
    {
        Note(sentence);
        reader.Skip();
    }

    /// <summary>Notes a problem with the value stood on, which is used all the same.</summary>
    public void Note(string sentence) => (problems ??= []).Add(new Problem(JsonPath.At(json, reader.TokenStartIndex), sentence));

    /// <summary>The names that were read in a list of strings, shared.</summary>
    public EquatableArray<string> Texts()
    {
        if (!BeginArray()) return default;
        string? first = null;
        List<string>? more = null;
        while (NextItem())
        {
            string item = SharedText();
            if (first is null) first = item;
            else (more ??= [first]).Add(item);
        }
        return more is not null ? more.ToEquatableArray() : first is null ? default : [first];
    }

    /// <summary>
    /// A string map that decides; null reads as the empty string. An entry that is not a string makes the resource unusable, as in Calico: without it, what asks for
    /// the label would pass the resource by.
    /// </summary>
    public LabelMap Labels() => Labels(strict: true);

    /// <summary>A string map that decides nothing: entries that are not strings are left out with a problem.</summary>
    public LabelMap LabelsOrDrop() => Labels(strict: false);

    private LabelMap Labels(bool strict)
    {
        if (!BeginObject()) return default;
        LabelBuffer buffer = default;
        int count = 0;
        List<KeyValuePair<string, string>>? more = null;
        while (NextField())
        {
            if (!IsString && !IsNull)
            {
                if (strict) Fail("is not a string");
                else Drop("is not a string; the entry is left out");
                continue;
            }
            KeyValuePair<string, string> entry = new(FieldName(), SharedText());
            if (count < LabelBuffer.Length) buffer[count++] = entry;
            else (more ??= []).Add(entry);
        }
        ReadOnlySpan<KeyValuePair<string, string>> head = ((Span<KeyValuePair<string, string>>)buffer)[..count];
        return more is null ? LabelMap.Create(head) : LabelMap.Create([.. head, .. more]);
    }

    /// <summary>A prefix or address; null after a problem, or for JSON null and empty text.</summary>
    public Cidr? CidrOrDrop()
    {
        Span<char> buffer = stackalloc char[64];
        if (!IsString && !IsNull) return DropCidr("is not a string");
        ReadOnlySpan<char> text = buffer[..Characters(buffer)];
        if (Cidr.TryParse(text, out Cidr cidr)) return cidr;
        return text.IsEmpty ? null : DropCidr($"{Problem.Quote(text)} is not a CIDR; it is left out");
    }

    private Cidr? DropCidr(string sentence)
    {
        Drop(sentence);
        return null;
    }

    /// <summary>An address; null after a problem, or for JSON null and empty text.</summary>
    public IpAddress? AddressOrDrop()
    {
        Span<char> buffer = stackalloc char[64];
        ReadOnlySpan<char> text = buffer[..Characters(buffer)];
        if (IpAddress.TryParse(text, out IpAddress address)) return address;
        if (!text.IsEmpty) Drop($"{Problem.Quote(text)} is not an IP address; it is left out");
        return null;
    }

    /// <summary>The readable prefixes of a list.</summary>
    public EquatableArray<Cidr> Cidrs() => Cidrs(out _);

    /// <summary>The readable prefixes of a list.</summary>
    /// <param name="any">The list had entries, readable or not.</param>
    public EquatableArray<Cidr> Cidrs(out bool any)
    {
        any = false;
        if (!BeginArray()) return default;
        List<Cidr> cidrs = [];
        while (NextItem())
        {
            any = true;
            if (IsNull) Note("is null; it is left out");
            else if (IsString && reader.ValueSpan.IsEmpty) Note("'' is not a CIDR; it is left out");
            if (CidrOrDrop() is { } cidr) cidrs.Add(cidr);
        }
        return cidrs.ToEquatableArray();
    }

    [System.Runtime.CompilerServices.InlineArray(Length)]
    private struct LabelBuffer
    {
        public const int Length = 8;
        private KeyValuePair<string, string> first;
    }
}
