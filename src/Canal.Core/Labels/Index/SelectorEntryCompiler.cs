namespace Canal.Core.Labels;

/// <summary>Makes <see cref="SelectorEntry"/> values.</summary>
internal static class SelectorEntryCompiler
{
    public static SelectorEntry Compile(Selector selector, LabelInterner interner, int patience)
    {
        SelectorProgram program = SelectorProgramCompiler.Compile(selector.Root, interner);
        var requirements = new List<LabelRequirement>();
        bool impossible = false;
        foreach ((string label, LabelRestriction restriction) in LabelRestrictions.Of(selector.Root))
        {
            impossible |= restriction.IsImpossible;
            if (restriction.MustBePresent && !impossible)
                requirements.Add(Require(label, restriction, interner));
        }
        requirements.Sort(static (x, y) => (x.Pairs is null).CompareTo(y.Pairs is null));
        return new SelectorEntry(selector, program, [.. requirements], impossible) { NameBits = BitsOf(program), Patience = patience };
    }

    /// <summary>The program holds the same names and pairs, so that releasing them here leaves their numbers valid.</summary>
    private static LabelRequirement Require(string label, LabelRestriction restriction, LabelInterner interner)
    {
        int name = interner.AcquireName(label);
        interner.ReleaseName(name);
        if (restriction.MustHaveOneOfValues is not { } values)
            return new LabelRequirement(name, null);
        int[] pairs = new int[values.Count];
        int count = 0;
        foreach (string value in values)
        {
            int pair = interner.AcquirePair(label, value);
            interner.ReleasePair(pair);
            pairs[count++] = pair;
        }
        return new LabelRequirement(name, pairs);
    }

    private static ulong BitsOf(SelectorProgram program)
    {
        ulong bits = 0;
        foreach (int name in program.Names())
            bits |= 1UL << (name & 63);
        return bits;
    }
}
