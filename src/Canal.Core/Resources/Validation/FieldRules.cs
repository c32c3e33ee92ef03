using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Rules that fields of many sorts share.</summary>
internal static class FieldRules
{
    public static FieldRule Flag { get; } = (owner, field) => owner.Flag(field);

    public static FieldRule Text { get; } = (owner, field) => owner.Text(field);

    public static FieldRule Duration { get; } = (owner, field) => owner.Duration(field);

    /// <summary>A list of strings or an object that only its reader knows.</summary>
    public static FieldRule Anything { get; } = (_, _) => { };

    public static FieldRule OneOf(params string[] allowed) => (owner, field) => owner.OneOf(field, allowed);

    public static FieldRule Integer(long least, long most) => (owner, field) => owner.Integer(field, least, most);

    public static FieldRule Address(IpFamily family) => (owner, field) => owner.Address(field, family);
}
