using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>A file of policy tests: <c>[[endpoint]]</c> tables stand for workloads that exist only while they are tested, <c>[[test]]</c> tables say what is expected.</summary>
/// <param name="Path">The file.</param>
/// <param name="Endpoints">In the file's order.</param>
/// <param name="Tests">In the file's order.</param>
/// <param name="Errors">What is wrong, with places; with any, nothing is run.</param>
internal sealed record PolicyTestFile(string Path, IReadOnlyList<WorkloadEndpoint> Endpoints, IReadOnlyList<PolicyTest> Tests, IReadOnlyList<string> Errors)
{
    private static readonly string[] TestKeys = ["name", "from", "to", "protocol", "port", "expect"];

    public static PolicyTestFile Parse(string path, string text)
    {
        TomlDocument document = TomlDocument.Parse(text, path);
        List<WorkloadEndpoint> endpoints = [];
        List<PolicyTest> tests = [];
        List<string> errors = [.. document.Errors.Select(error => error.ToString())];
        foreach (TomlSection section in document.Sections)
        {
            TomlFields fields = new(path, section, errors);
            if (section is { Name: "endpoint", IsArray: true })
                ImaginaryEndpoint.Read(fields, endpoints);
            else if (section is { Name: "test", IsArray: true })
                ReadTest(fields, tests);
            else if (section.Name.Length > 0 || section.Entries.Length > 0)
                fields.Fail("only [[endpoint]] and [[test]] belong here");
        }
        return new PolicyTestFile(path, endpoints, tests, errors);
    }

    private static void ReadTest(TomlFields fields, List<PolicyTest> tests)
    {
        fields.Only(TestKeys);
        IReadOnlyList<string> from = fields.Texts("from"), to = fields.Texts("to");
        string protocol = fields.Text("protocol") ?? "tcp";
        byte? number = PacketOptions.NumberOf(protocol);
        if (number is null)
            fields.Fail("protocol", $"{Problem.Quote(protocol)} is not a protocol");
        long port = fields.Number("port", 1, ushort.MaxValue) ?? 0;
        string expect = fields.Text("expect") ?? "";
        if (expect is not ("allow" or "deny"))
            fields.Fail("expect", "must be \"allow\" or \"deny\"");
        if (from.Count == 0 || to.Count == 0)
            fields.Fail("from and to are needed");
        if (number is { } known && IpProtocol.WithPorts.Contains(known) && port == 0)
            fields.Fail($"{protocol} needs a port");
        string name = fields.Text("name") ?? $"{string.Join(", ", from)} to {string.Join(", ", to)}, {protocol}{(port > 0 ? $" {port}" : "")}: {expect}";
        tests.Add(new PolicyTest(fields.Where, name, from, to, number ?? 0, (ushort)port, expect == "allow"));
    }
}
