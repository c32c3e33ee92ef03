namespace Canal.Core.Labels;

/// <summary>A selector in the index.</summary>
/// <param name="selector">As given.</param>
/// <param name="program">The same, interned.</param>
/// <param name="requirements">Labels an item must have to match, pairs before bare names.</param>
/// <param name="isImpossible">It cannot match anything.</param>
internal sealed class SelectorEntry(Selector selector, SelectorProgram program, LabelRequirement[] requirements, bool isImpossible)
{
    public Selector Selector { get; } = selector;

    public SelectorProgram Program { get; } = program;

    public LabelRequirement[] Requirements { get; } = requirements;

    public bool IsImpossible { get; } = isImpossible;

    /// <summary>One bit, by number modulo 64, for each name it mentions.</summary>
    public ulong NameBits { get; set; }

    /// <summary>The collection it was last collected in.</summary>
    public int Stamp { get; set; }

    /// <summary>Evaluations for a changed item, since it was registered, that found no match before or after.</summary>
    public int Misses { get; set; }

    /// <summary>Misses after which it is asked whether another requirement would be met by fewer items.</summary>
    public int Patience { get; set; }
}
