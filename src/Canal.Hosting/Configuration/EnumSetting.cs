namespace Canal.Hosting;

/// <summary>One of a few words, each standing for a value of <typeparamref name="T"/>. Words are matched exactly; they are lower case by custom.</summary>
public sealed class EnumSetting<T> : Setting<T>, IWords
    where T : notnull
{
    private readonly (string Word, T Value)[] _choices;

    /// <param name="defaultValue">Must be among the choices.</param>
    public EnumSetting(string key, T defaultValue, string doc, params (string Word, T Value)[] choices) : base(key, defaultValue, doc)
    {
        _choices = choices;
        Format(defaultValue);
    }

    /// <summary>The words, in the order of the declaration.</summary>
    public IEnumerable<string> Words => _choices.Select(choice => choice.Word);

    public override string Expected => "one of " + string.Join(", ", _choices.Select(choice => $"\"{choice.Word}\""));

    public override string Format(T value) => _choices.First(choice => choice.Value.Equals(value)).Word;

    /// <summary>A boolean stands for the word <c>true</c> or <c>false</c>, where the setting has it.</summary>
    internal override Parsed<T> ParseToml(TomlValue value) => value switch
    {
        TomlString text => ParseText(text.Value),
        TomlBool boolean when Words.Contains(boolean.Value ? "true" : "false") => ParseText(boolean.Value ? "true" : "false"),
        _ => Unexpected(value),
    };

    internal override Parsed<T> ParseText(string text)
    {
        foreach ((string word, T value) in _choices)
            if (word == text)
                return Parsed<T>.Right(value);
        Parsed<T> wrong = Unexpected(Quoted.Text(text));
        return Secret ? wrong : wrong with { Error = wrong.Error + Suggestion.Quoted(text, Words) };
    }
}
