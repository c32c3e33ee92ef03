namespace Canal.Cni;

/// <summary>A file that one process of the host holds at a time: flock(2), which is also what Calico's plugin takes.</summary>
internal sealed class HostLock : IDisposable
{
    private readonly FileStream file;

    private HostLock(FileStream file) => this.file = file;

    public static async Task<HostLock> TakeAsync(string path, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            try
            {
                // FileShare.None is flock with LOCK_EX and LOCK_NB.
                return new HostLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException e) when (e.HResult == 11)
            {
                await Task.Delay(1, stop);
            }
        }
    }

    public void Dispose() => file.Dispose();
}
