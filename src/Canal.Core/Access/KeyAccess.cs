namespace Canal.Core.Access;

/// <summary>What may be done with keys of etcd.</summary>
[Flags]
public enum KeyAccess
{
    None = 0,
    Read = 1,
    Write = 2,
    ReadWrite = Read | Write,
}
