using Canal.Ctl;

return await Canalctl.RunAsync(args, Surroundings.OfProcess());
