using System.Text;

namespace Canal.Hosting;

/// <summary>The files of a configuration: which there are, and their text.</summary>
internal static class ConfigurationFile
{
    public const string Shared = "canal.toml";

    // A configuration is a page; a file of this size was put there by mistake, and would only fill memory.
    private const int LargestBytes = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null when the file does not exist, or cannot be read, which is an error.</summary>
    public static string? Read(string path, List<ConfigurationError> errors)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] content = new byte[LargestBytes + 1];
            int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            if (length <= LargestBytes)
                return Decode(content.AsSpan(0, length), path, errors);
            errors.Add(new ConfigurationError(path, 0, 0, $"is larger than {LargestBytes} bytes"));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add(new ConfigurationError(path, 0, 0, $"cannot be read: {EscapedText.Of(error.Message)}"));
        }
        return null;
    }

    /// <summary>The <c>*.toml</c> files of a folder by name (bytewise); hidden ones, which editors leave behind, are not taken.</summary>
    public static IReadOnlyList<string> DropIns(string directory, List<ConfigurationError> errors)
    {
        try
        {
            return [.. Directory.GetFiles(directory)
                .Where(path => path.EndsWith(".toml", StringComparison.Ordinal) && Path.GetFileName(path)[0] != '.')
                .Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add(new ConfigurationError(directory, 0, 0, $"cannot be read: {EscapedText.Of(error.Message)}"));
            return [];
        }
    }

    private static string? Decode(ReadOnlySpan<byte> content, string path, List<ConfigurationError> errors)
    {
        try
        {
            return StrictUtf8.GetString(content);
        }
        catch (DecoderFallbackException error)
        {
            ReadOnlySpan<byte> before = content[..error.Index];
            int line = before.Count((byte)'\n') + 1;
            int column = Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1;
            errors.Add(new ConfigurationError(path, line, column, "is not UTF-8 here"));
            return null;
        }
    }
}
