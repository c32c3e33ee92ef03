namespace Canal.Hosting;

/// <summary>What an https service asks of its clients, in the order of Go's tls.ClientAuthType, whose names Calico uses.</summary>
public enum ClientCertificates
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A certificate, whoever signed it.</summary>
    RequireAny,

    /// <summary>None, or one that the authorities signed.</summary>
    VerifyIfGiven,

    /// <summary>One that the authorities signed.</summary>
    RequireAndVerify,
}
