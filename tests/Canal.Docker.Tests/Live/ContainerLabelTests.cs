using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.Docker.Tests.Live;

public sealed class ContainerLabelTests
{
    private const string Named = """{"NetworkID":"00a1","EndpointID":"00e1"}""";

    [Fact]
    public async Task An_endpoint_gets_its_containers_labels_beside_those_of_the_network()
    {
        await using DockerHost host = await DockerHost.StartAsync();
        await host.StopDriverAsync();
        using FakeDocker docker = new(host.DockerSocket);
        docker.Answers["/networks/00a1"] = """{"Containers":{}}""";
        docker.Answers["/containers/00c1/json"] = """
            {"Config":{"Labels":{"org.projectcalico.label.role":"db","org.projectcalico.label.app":"evil","org.projectcalico.label.bad label":"x","org.projectcalico.label.":"y","other":"z","number":7}}}
            """;
        host.Configure($"docker_socket = \"{host.DockerSocket}\"", "policy_timeout = \"0s\"");
        await host.StartDriverAsync();
        await host.CallAsync("NetworkDriver.CreateNetwork", """{"NetworkID":"00a1","Options":{"com.docker.network.generic":{"label.app":"web"}}}""");
        await host.CallAsync("NetworkDriver.CreateEndpoint", """{"NetworkID":"00a1","EndpointID":"00e1","Interface":{"Address":"10.65.7.7/32"}}""");
        await host.CallAsync("NetworkDriver.Join", Named);

        // Docker tells of the container only once it starts; until then the driver asks on.
        await Poll.Until(() => docker.Asked.Count(path => path == "/networks/00a1") >= 3, DockerHost.Patience, "Docker to be asked");
        Assert.Equal(3, (await LabelsAsync(host)).Count);
        docker.Answers["/networks/00a1"] = """{"Containers":{"00c1":{"EndpointID":"00e1"},"00c2":{"EndpointID":"../x"},"00c3":7}}""";
        await Poll.Until(async () => (await LabelsAsync(host)).ContainsKey("role"), DockerHost.Patience, () => $"the label to come: {host.Log}");
        JsonObject labels = await LabelsAsync(host);
        Assert.Equal(("db", "web", 4), (labels["role"]!.GetValue<string>(), labels["app"]!.GetValue<string>(), labels.Count));
        Assert.Contains("does not get its container's label", host.Log, StringComparison.Ordinal);

        // A driver that was not there when a container started labels it when it comes.
        host.KillDriver();
        docker.Answers["/containers/00c1/json"] = """{"Config":{"Labels":{"org.projectcalico.label.late":"yes"}}}""";
        await host.StartDriverAsync();
        await Poll.Until(async () => (await LabelsAsync(host)).ContainsKey("late"), DockerHost.Patience, () => $"the label to come: {host.Log}");
    }

    [Fact]
    public async Task Where_docker_does_not_answer_containers_start_all_the_same()
    {
        await using DockerHost host = await DockerHost.StartAsync();
        await host.StopDriverAsync();
        host.Configure($"docker_socket = \"{host.DockerSocket}\"", "policy_timeout = \"0s\"", "label_timeout = \"1s\"");
        await host.StartDriverAsync();
        await host.CallAsync("NetworkDriver.CreateNetwork", """{"NetworkID":"00a1"}""");
        await host.CallAsync("NetworkDriver.CreateEndpoint", """{"NetworkID":"00a1","EndpointID":"00e1","Interface":{"Address":"10.65.7.7/32"}}""");
        await host.CallAsync("NetworkDriver.Join", Named);
        await Poll.Until(() => host.Log.Contains("endpoint 00e1 has no labels of its container", StringComparison.Ordinal), DockerHost.Patience, "the driver to say so");
    }

    private static async Task<JsonObject> LabelsAsync(DockerHost host) => (JsonObject)(await host.EndpointAsync("00e1"))!["metadata"]!["labels"]!;
}
