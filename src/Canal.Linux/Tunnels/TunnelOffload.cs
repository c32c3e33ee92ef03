namespace Canal.Linux.Tunnels;

/// <summary>Switches checksum offload of tunnels' devices off where that is wanted or known to be needed. Never on: that is the kernel's own choice, and others'.</summary>
/// <param name="isOn">Asks a device.</param>
/// <param name="turnOff">Switches it off.</param>
public sealed class TunnelOffload(Func<string, bool> isOn, Action<string> turnOff)
{
    private readonly HashSet<string> broken = new(StringComparer.Ordinal);

    /// <summary>That of the kernel's devices.</summary>
    public static TunnelOffload OfKernel() => new(ChecksumOffload.IsOn, device => ChecksumOffload.Set(device, on: false));

    /// <summary>What is wanted.</summary>
    public OffloadUse Use { get; set; }

    /// <summary>Devices whose checksums were seen to arrive wrong since the start.</summary>
    public int Broken => broken.Count;

    /// <summary>Makes a device as wanted, one that was made again, too; returns what stands in the way, or null.</summary>
    public string? Prepare(string device)
    {
        if (Use == OffloadUse.Kept || (Use == OffloadUse.Automatic && !broken.Contains(device))) return null;
        try
        {
            if (isOn(device)) turnOff(device);
            return null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    /// <summary>Checksums arrive wrong; true when that is news and concerns the device.</summary>
    public bool Break(string device) => Use == OffloadUse.Automatic && broken.Add(device);

    /// <summary>Whether it is worth trying if they arrive.</summary>
    public bool IsDoubtful(string device)
    {
        try
        {
            return Use == OffloadUse.Automatic && !broken.Contains(device) && isOn(device);
        }
        catch (IOException)
        {
            return false; // It is gone, and comes back with an event.
        }
    }
}
