using Canal.Core.Addressing;
using Canal.Core.Flannel;

namespace Canal.FlannelBridge.Charon;

/// <summary>strongSwan's IKE daemon, which runs beside this agent. What it was told lives as long as it does. One user at a time.</summary>
internal interface ICharon
{
    /// <summary>Sees to it that there is a connection; true when it is new, and charon may know nothing of what was said before.</summary>
    /// <exception cref="ViciException">charon cannot be reached.</exception>
    bool Attach();

    /// <summary>Names of the connections that it was told of, by whomever.</summary>
    /// <exception cref="ViciException">charon does not answer.</exception>
    IReadOnlyCollection<string> Connections();

    /// <summary>Names of the connections that have security associations in the kernel.</summary>
    /// <exception cref="ViciException">charon does not answer.</exception>
    IReadOnlySet<string> Established();

    /// <summary>Tells of a connection. One that it has so already goes on undisturbed.</summary>
    /// <exception cref="ViciException">charon refuses, or does not answer.</exception>
    void Load(IpsecConnection connection);

    /// <summary>Forgets a connection and ends its security associations.</summary>
    /// <exception cref="ViciException">charon does not answer.</exception>
    void Unload(string name);

    /// <summary>Tells the secret that these hosts share, instead of the one told with this id before.</summary>
    /// <exception cref="ViciException">charon refuses, or does not answer.</exception>
    void LoadSecret(string id, IpsecSecret secret, IEnumerable<IpAddress> owners);

    /// <summary>Forgets it.</summary>
    /// <exception cref="ViciException">charon does not answer.</exception>
    void UnloadSecret(string id);
}
