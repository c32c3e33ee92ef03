using Canal.Felix.Configuration;
using Canal.Hosting;

namespace Canal.Felix.Tests.Configuration;

public sealed class ConvertedConfigurationTests
{
    [Fact]
    public void Parameters_become_settings_by_their_names_and_in_their_words()
    {
        StringWriter output = new(), error = new();
        int code = ConvertedConfiguration.Print(new StringReader("""
            [global]
            # a remark
            FelixHostname = web1
            EtcdEndpoints = https://10.0.0.1:2379,https://10.0.0.2:2379
            InterfacePrefix = cali,tap
            LogSeverityScreen = Warning
            ReportingIntervalSecs = 30
            IpInIpEnabled=True
            VXLANEnabled = yes
            ProgramClusterRoutes=enabled
            LogPrefix = say "\hi"
            DefaultEndpointToHostAction = RETURN
            MetadataAddr = 127.0.0.1
            """), output, error);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Equal("""
            # canal.toml
            node_name = "web1"
            [etcd]
            endpoints = ["https://10.0.0.1:2379", "https://10.0.0.2:2379"]
            # felix.toml
            default_endpoint_to_host_action = "Return"
            interface_prefix = ["cali", "tap"]
            ipip_enabled = "true"
            log_prefix = "say \"\\hi\""
            program_cluster_routes = "Enabled"
            reporting_interval = "30s"
            vxlan_enabled = "true"
            [log]
            level = "warning"

            """, output.ToString());
        Assert.Equal("line 13: not used: MetadataAddr = 127.0.0.1\n", error.ToString());
    }

    [Theory]
    [InlineData("EtcdAddr = etcd1:2379\nEtcdScheme = HTTPS\n", "https://etcd1:2379")]
    [InlineData("EtcdScheme = https\nEtcdAddr = etcd1:2379\n", "https://etcd1:2379")]
    [InlineData("EtcdAddr = etcd1:2379\n", "http://etcd1:2379")]
    [InlineData("EtcdEndpoints = http://a:1\nEtcdAddr = etcd1:2379\n", "http://a:1")]
    [InlineData("EtcdAddr = etcd1:2379\nEtcdEndpoints = http://a:1\n", "http://a:1")]
    public void Etcds_address_in_parts_counts_where_no_endpoints_are_named(string file, string endpoint)
    {
        StringWriter output = new(), error = new();
        Assert.Equal(ExitCode.Ok, ConvertedConfiguration.Print(new StringReader(file), output, error));
        Assert.Equal(($"# canal.toml\n[etcd]\nendpoints = [\"{endpoint}\"]\n", ""), (output.ToString(), error.ToString()));
    }

    [Fact]
    public void None_in_any_case_is_no_value_but_no_port_of_failsafe_ports()
    {
        StringWriter output = new(), error = new();
        Assert.Equal(ExitCode.Ok, ConvertedConfiguration.Print(new StringReader("LogPrefix = None\nFailsafeInboundHostPorts=NONE\nRouteTableRange = 5-9\n"), output, error));
        Assert.Equal(("# felix.toml\nfailsafe_inbound_host_ports = [\"none\"]\nroute_table_ranges = [\"5-9\"]\n", ""), (output.ToString(), error.ToString()));
    }

    [Fact]
    public void What_a_setting_refuses_is_told_with_its_line()
    {
        StringWriter output = new(), error = new();
        Assert.Equal(ExitCode.Configuration, ConvertedConfiguration.Print(new StringReader("VxlanPort = many\nnonsense\n"), output, error));
        Assert.Equal("line 1: VxlanPort: vxlan_port: expected an integer from 1 to 65535, found \"many\"\nline 2: nonsense is not NAME = VALUE\n", error.ToString());
        Assert.Equal("", output.ToString());
    }
}
