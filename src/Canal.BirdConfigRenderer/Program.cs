using Canal.BirdConfigRenderer;

return await CommandLine.Program.RunAsync(args);
