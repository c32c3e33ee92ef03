namespace Canal.Cni;

/// <summary>Codes of errors: up to 99 the specification's, from 100 our own.</summary>
internal static class CniCode
{
    public const int IncompatibleVersion = 1;
    public const int Environment = 4;
    public const int InputOutput = 5;
    public const int Decode = 6;
    public const int Configuration = 7;
    public const int TryLater = 11;
    public const int NotAvailable = 50;

    /// <summary>No address could be assigned.</summary>
    public const int NoAddress = 100;

    /// <summary>The kernel refused something.</summary>
    public const int Kernel = 101;

    /// <summary>CHECK found something that is not as ADD left it.</summary>
    public const int Different = 102;

    /// <summary>A mistake of the program.</summary>
    public const int Internal = 199;
}
