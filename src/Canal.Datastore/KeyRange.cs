using System.Text;
using Google.Protobuf;

namespace Canal.Datastore;

/// <summary>A contiguous part of etcd's key space: one key, or all keys with a prefix.</summary>
public sealed record KeyRange
{
    private static readonly ByteString Zero = ByteString.CopyFrom(0);

    private KeyRange(string text, ByteString start, ByteString end)
    {
        Text = text;
        Start = start;
        End = end;
    }

    /// <summary>The key or prefix.</summary>
    public string Text { get; }

    /// <summary>First key of the range.</summary>
    internal ByteString Start { get; }

    /// <summary>etcd's <c>range_end</c>: first key after the range; empty for a single key; one zero byte for no end.</summary>
    internal ByteString End { get; }

    /// <summary>All keys that begin with <paramref name="prefix"/>; the empty prefix means every key.</summary>
    public static KeyRange Prefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return prefix.Length == 0 ? new(prefix, Zero, Zero) : new(prefix, ByteString.CopyFromUtf8(prefix), After(prefix));
    }

    /// <summary>Only <paramref name="key"/>, which must not be empty.</summary>
    public static KeyRange Single(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return new(key, ByteString.CopyFromUtf8(key), ByteString.Empty);
    }

    /// <summary>UTF-8 never holds the byte 0xff, so the last byte can always be raised.</summary>
    private static ByteString After(string prefix)
    {
        byte[] end = Encoding.UTF8.GetBytes(prefix);
        end[^1]++;
        return UnsafeByteOperations.UnsafeWrap(end);
    }
}
