namespace Canal.Core.Resources;

/// <summary>How policies of the default tier are named in keys.</summary>
public enum PolicyNameStyle
{
    /// <summary>As the user gave it: Calico 3.32 and later.</summary>
    Verbatim,

    /// <summary>With <c>default.</c> before it: readable by Calico 3.31 and earlier too.</summary>
    Prefixed,
}
