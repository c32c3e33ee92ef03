namespace Canal.Cni;

/// <summary>An error as the runtime sees it.</summary>
internal sealed class CniException(int code, string message, string details = "") : Exception(message)
{
    public int Code => code;

    public string Details => details;
}
