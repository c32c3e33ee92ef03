using Canal.Core.Addressing;

namespace Canal.Linux.Routing;

/// <summary>Changes to an existing link; what is null stays.</summary>
public sealed record LinkSettings : KernelObject
{
    public required int Index { get; init; }

    /// <summary>Administratively up or down.</summary>
    public bool? Up { get; init; }

    public uint? Mtu { get; init; }

    public MacAddress? Mac { get; init; }

    /// <summary>New master; 0 takes it out of its bridge.</summary>
    public int? Master { get; init; }

    /// <summary>New name; the link must be down on kernels before 6.2.</summary>
    public string? Name { get; init; }

    /// <summary>Open file descriptor of the namespace it moves to.</summary>
    public int? Namespace { get; init; }

    public override string Print(LinkNames names)
    {
        string text = $"link {names[Index]}";
        if (Up is { } up) text += up ? " up" : " down";
        if (Mtu is { } mtu) text += $" mtu {mtu}";
        if (Mac is { } mac) text += $" address {mac}";
        if (Master is { } master) text += master == 0 ? " nomaster" : $" master {names[master]}";
        if (Name is not null) text += $" name {Name}";
        return text + (Namespace is null ? "" : " netns");
    }
}
