using Canal.Felix;

return await CommandLine.Program.RunAsync(args);
