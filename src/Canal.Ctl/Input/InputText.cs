using System.Text;

namespace Canal.Ctl;

/// <summary>One file's text, or the reason why there is none.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Text">Null when it could not be read.</param>
/// <param name="Error">A sentence; null when it was read.</param>
internal sealed record InputText(string Name, string? Text, string? Error)
{
    public const string StandardInput = "standard input";

    // Far above any set of policies that a person or a generator writes; below what would exhaust a small machine.
    private const int LargestBytes = 64 << 20;

    private static readonly string[] Documents = [".yaml", ".yml", ".json"];

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The files that a path names: itself, <c>-</c> for <paramref name="input"/>, or those of a folder that have one of the endings, by name.</summary>
    /// <param name="path">What -f was given.</param>
    /// <param name="recursive">With those in the folders of a folder.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="endings">Of files in a folder: .yaml, .yml and .json unless given.</param>
    public static IEnumerable<InputText> ReadAll(string path, bool recursive, Stream input, params string[] endings)
    {
        if (path == "-")
            return [Read(StandardInput, () => input)];
        EnumerationOptions options = new() { RecurseSubdirectories = recursive, IgnoreInaccessible = false, AttributesToSkip = 0 };
        if (!Directory.Exists(path))
            return [Read(path, () => File.OpenRead(path))];
        try
        {
            return [.. Directory.GetFiles(path, "*", options).Where(file => IsOne(file, endings.Length > 0 ? endings : Documents)).Order(StringComparer.Ordinal).Select(file => Read(file, () => File.OpenRead(file)))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [new InputText(path, null, error.Message)];
        }
    }

    /// <summary>One file, or <c>-</c> for <paramref name="input"/>.</summary>
    public static InputText ReadOne(string path, Stream input) => path == "-" ? Read(StandardInput, () => input) : Read(path, () => File.OpenRead(path));

    private static bool IsOne(string path, string[] endings) => endings.Contains(Path.GetExtension(path)) && Path.GetFileName(path)[0] != '.';

    private static InputText Read(string name, Func<Stream> open)
    {
        try
        {
            using Stream stream = open();
            using MemoryStream content = new();
            byte[] buffer = new byte[64 * 1024];
            for (int length; (length = stream.Read(buffer)) > 0;)
            {
                content.Write(buffer, 0, length);
                if (content.Length > LargestBytes)
                    return new InputText(name, null, $"is larger than {LargestBytes >> 20} MiB");
            }
            return new InputText(name, StrictUtf8.GetString(content.GetBuffer(), 0, (int)content.Length).TrimStart('\uFEFF'), null);
        }
        catch (DecoderFallbackException)
        {
            return new InputText(name, null, "is not UTF-8 text");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new InputText(name, null, error.Message);
        }
    }
}
