// Two rigs at a time: more would make a loaded machine's silence look like a deny.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
