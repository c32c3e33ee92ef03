namespace Canal.Hosting;

/// <summary>A setting with the value that some source gave it.</summary>
internal abstract class BoundValue(Setting setting, ConfigurationOrigin origin)
{
    public Setting Setting { get; } = setting;

    public ConfigurationOrigin Origin { get; } = origin;

    /// <summary>Text form, secret or not.</summary>
    public abstract string Text { get; }
}
