using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Docker.Tests;

public sealed class EndpointOptionsTests
{
    [Fact]
    public void Options_of_a_network_are_labels_profiles_and_its_name()
    {
        JsonObject options = Parse("""{"label.app":"web","label.example.org/team":"a=b","profiles":" open, closed,","network":"shop","com.docker.network.bridge.name":"br0"}""");
        EndpointOptions read = EndpointOptions.OfNetwork(options);
        Assert.Equal(Labels(("app", "web"), ("example.org/team", "a=b")), read.Labels);
        Assert.Equal(["open", "closed"], read.Profiles);
        Assert.Equal("shop", read.Network);
        EndpointOptions again = EndpointOptions.Read(Parse(read.ToJson().ToString()));
        Assert.Equal((read.Labels, read.Network, "open closed"), (again.Labels, again.Network, string.Join(' ', again.Profiles)));
    }

    [Theory]
    [InlineData("""{"lable.app":"web"}""", "lable.app")]
    [InlineData("""{"label.":"web"}""", "label.")]
    [InlineData("""{"parent":"eth0"}""", "parent")]
    public void What_is_not_known_of_a_network_is_refused(string options, string named) =>
        Assert.Contains($"'{named}'", Assert.Throws<DriverException>(() => EndpointOptions.OfNetwork(Parse(options))).Message, StringComparison.Ordinal);

    [Fact]
    public void What_is_said_of_one_endpoint_goes_before_what_is_said_of_its_network()
    {
        EndpointOptions network = EndpointOptions.Read(Parse("""{"label.app":"web","label.tier":"front","profiles":"open","network":"shop"}"""));
        EndpointOptions own = network.With(EndpointOptions.Read(Parse("""{"label.app":"db","com.docker.network.portmap":[],"network":"other"}""")));
        Assert.Equal((Labels(("app", "db"), ("tier", "front")), "open", "shop"), (own.Labels, string.Join(',', own.Profiles), own.Network));
        Assert.Equal(["closed"], network.With(EndpointOptions.Read(Parse("""{"profiles":"closed"}"""))).Profiles);
    }

    private static LabelMap Labels(params (string Name, string Value)[] labels) => LabelMap.Create(labels.Select(label => KeyValuePair.Create(label.Name, label.Value)));

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;
}
