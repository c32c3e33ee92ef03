namespace Canal.Hosting;

/// <summary>The paths that probes ask: as Felix serves them on port 9099.</summary>
public static class HealthRoutes
{
    public static Dictionary<string, Func<HttpAnswer>> Of(HealthTable table) => new()
    {
        ["/liveness"] = () => Answer(table, HealthAspects.Live),
        ["/readiness"] = () => Answer(table, HealthAspects.Ready),
    };

    private static HttpAnswer Answer(HealthTable table, HealthAspects aspect)
    {
        bool well = table.Is(aspect);
        string text = table.Text();
        return new HttpAnswer(!well ? 503 : text.Length == 0 ? 204 : 200, text);
    }
}
