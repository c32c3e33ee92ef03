Console.Error.WriteLine("canal-bird-config-renderer");
return 1;
