namespace Canal.Core.Resources;

/// <summary>Parameters for felix: of the whole cluster (<c>default</c>), of one node (<c>node.NAME</c>), or of selected nodes. Values are kept raw;
/// what each means belongs to felix's configuration.</summary>
public sealed record FelixConfiguration : Resource
{
    /// <summary>Annotations that set a parameter by its own name begin so.</summary>
    public const string AnnotationPrefix = "config.projectcalico.org/";

    /// <summary>Which nodes a configuration of another name is for; empty for none.</summary>
    public string NodeSelector { get; init; } = "";

    /// <summary>Every other field of the spec, in the order of the data.</summary>
    public EquatableArray<RawField> Fields { get; init; }

    /// <summary>Parameters by name, from annotations; they override fields.</summary>
    public LabelMap Parameters { get; init; }
}
