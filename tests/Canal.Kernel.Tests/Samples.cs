using CsCheck;

namespace Canal.Kernel.Tests;

/// <summary>Random samples of which each run has the same: a fake is held against the kernel of whoever runs the tests, and what fails once must fail again. CANAL_SEED makes others.</summary>
internal static class Samples
{
    private static readonly uint Seed = uint.TryParse(Environment.GetEnvironmentVariable("CANAL_SEED"), out uint seed) ? seed : 1;

    /// <summary>Checks so many samples; the test's output tells the one that failed.</summary>
    internal static void Check<T>(this Gen<T> any, int count, Action<T> check, Func<T, string> print)
    {
        PCG chance = new(1, Seed);
        for (int i = 0; i < count; i++)
        {
            T sample = any.Generate(chance, null, out _);
            try
            {
                check(sample);
            }
            catch
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"CANAL_SEED={Seed}, sample {i}: {print(sample)}");
                throw;
            }
        }
    }
}
