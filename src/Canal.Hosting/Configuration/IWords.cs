namespace Canal.Hosting;

/// <summary>A setting that is one of a few words.</summary>
public interface IWords
{
    /// <summary>The words, in the order of the declaration.</summary>
    IEnumerable<string> Words { get; }
}
