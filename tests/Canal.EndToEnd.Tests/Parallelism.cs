// Two rigs at a time: more would make a loaded machine's silence look like a deny.
[assembly: Xunit.v3.Parallelization(MaxThreads = 2)]
