using System.Text;

namespace Canal.Hosting;

/// <summary>The text of a password file, which never shows itself in a log line, and what is doubtful about the file.</summary>
public sealed class SecretFile
{
    // A password, not a key ring; also keeps a wrong path such as /dev/zero from being read for ever.
    private const int LargestBytes = 64 * 1024;

    private SecretFile(string text, string? warning)
    {
        Text = text;
        Warning = warning;
    }

    /// <summary>The content without one line end at its end.</summary>
    public string Text { get; }

    /// <summary>A sentence for the log when any user of the host may read the file; else null.</summary>
    public string? Warning { get; }

    /// <param name="path">Absolute, or the bare name of a credential that systemd placed in <c>CREDENTIALS_DIRECTORY</c> (<c>LoadCredential=</c>).</param>
    /// <exception cref="IOException">The file cannot be read, as a sentence with the path.</exception>
    public static SecretFile Read(string path, IReadOnlyDictionary<string, string> environment)
    {
        string full = Resolve(path, environment.GetValueOrDefault("CREDENTIALS_DIRECTORY"));
        try
        {
            using FileStream file = new(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] content = new byte[LargestBytes + 1];
            int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            if (length > LargestBytes)
                throw new IOException($"{full}: larger than {LargestBytes} bytes, so not a password");
            return new SecretFile(WithoutLineEnd(Encoding.UTF8.GetString(content.AsSpan(0, length))), WarningFor(full, File.GetUnixFileMode(file.SafeFileHandle)));
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{full}: {error.Message}", error);
        }
    }

    /// <summary>The secret in the file that a setting names; null when it names none.</summary>
    /// <exception cref="StartException">The file cannot be read.</exception>
    public static string? ReadFor(Setting<string> setting, Configuration configuration, IReadOnlyDictionary<string, string> environment)
    {
        string path = configuration.Get(setting);
        if (path.Length == 0) return null;
        try
        {
            return Read(path, environment).Text;
        }
        catch (IOException e)
        {
            throw new StartException($"{setting.Key}: {e.Message}", e);
        }
    }

    /// <summary>Hides the text.</summary>
    public override string ToString() => "(hidden)";

    private static string Resolve(string path, string? credentialsDirectory)
    {
        if (Path.IsPathRooted(path))
            return path;
        if (string.IsNullOrEmpty(credentialsDirectory))
            throw new IOException($"{EscapedText.Of(path)}: not an absolute path, and there is no CREDENTIALS_DIRECTORY to look it up in");
        if (path.Contains('/') || path is "." or "..")
            throw new IOException($"{EscapedText.Of(path)}: neither an absolute path nor the bare name of a credential");
        return Path.Combine(credentialsDirectory, path);
    }

    private static string? WarningFor(string path, UnixFileMode mode) =>
        (mode & UnixFileMode.OtherRead) != 0 ? $"{path} holds a secret and may be read by every user of this host: chmod o= {path}" : null;

    private static string WithoutLineEnd(string text) => text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
}
