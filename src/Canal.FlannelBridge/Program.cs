using Canal.FlannelBridge;

return await CommandLine.Program.RunAsync(args);
