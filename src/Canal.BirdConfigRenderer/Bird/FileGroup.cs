using System.Globalization;
using System.Runtime.InteropServices;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>Gives a file to the group that BIRD runs in, so that BIRD may read what others may not.</summary>
internal static partial class FileGroup
{
    private const string Groups = "/etc/group";

    /// <summary>Does nothing where there is no such group: BIRD then runs as whoever starts it.</summary>
    /// <exception cref="IOException">This process may not: it is neither root nor a member of the group.</exception>
    public static void Give(string path, string group)
    {
        if (Find(group) is not { } id || Change(path, -1, id) == 0) return;
        throw new IOException($"give {path} to group {group}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    private static int? Find(string group)
    {
        foreach (string line in File.ReadLines(Groups))
        {
            string[] fields = line.Split(':');
            if (fields.Length >= 3 && fields[0] == group && int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out int id)) return id;
        }
        return null;
    }

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Change(string path, int owner, int group);
}
