namespace Canal.Hosting;

internal sealed class BoundValue<T>(Setting<T> setting, T value, ConfigurationOrigin origin) : BoundValue(setting, origin)
{
    public T Value { get; } = value;

    public override string Text => setting.Format(Value);
}
