namespace Canal.Linux.Routing;

/// <summary>One request to the kernel, as a value.</summary>
/// <param name="Verb">What to do.</param>
/// <param name="Subject">With what.</param>
public sealed record KernelChange(ChangeVerb Verb, KernelObject Subject)
{
    public static KernelChange Add(KernelObject subject) => new(ChangeVerb.Add, subject);

    /// <summary>For addresses, routes, neighbours, FDB entries, qdiscs and filters; the kernel knows no replacing of links and rules.</summary>
    public static KernelChange Replace(KernelObject subject) => new(ChangeVerb.Replace, subject);

    public static KernelChange Delete(KernelObject subject) => new(ChangeVerb.Delete, subject);

    public static KernelChange Set(LinkSettings settings) => new(ChangeVerb.Set, settings);

    /// <summary>Brings a link up or takes it down.</summary>
    public static KernelChange SetUp(int link, bool up) => Set(new LinkSettings { Index = link, Up = up });

    /// <summary>Throws <see cref="ArgumentException"/> for what no request can say: a mistake of the program, never of data.</summary>
    internal void Validate()
    {
        bool sayable = Verb switch
        {
            ChangeVerb.Set => Subject is LinkSettings,
            ChangeVerb.Replace => Subject is not (Link or RoutingRule or LinkSettings),
            _ => Subject is not LinkSettings,
        };
        if (!sayable) throw new ArgumentException($"rtnetlink cannot {Print(LinkNames.None)}");
    }

    /// <summary><c>add route 10.65.0.10/32 dev caliw0 proto 80</c>.</summary>
    public string Print(LinkNames names) => $"{Word} {Subject.Print(names)}";

    public override string ToString() => Print(LinkNames.None);

    private string Word => Verb switch
    {
        ChangeVerb.Add => "add",
        ChangeVerb.Replace => "replace",
        ChangeVerb.Delete => "delete",
        _ => "set",
    };
}
