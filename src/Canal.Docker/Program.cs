using Canal.Docker;

return await CommandLine.Program.RunAsync(args);
