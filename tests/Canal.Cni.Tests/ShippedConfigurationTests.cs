using Canal.Testing;

namespace Canal.Cni.Tests;

public sealed class ShippedConfigurationTests
{
    [Fact]
    public void The_shipped_file_and_the_manual_page_tell_every_setting_and_its_default() =>
        // A plugin has no log: log.level, which every schema has, means nothing to it and is not told of.
        Assert.DoesNotContain(ShippedConfiguration.Differences(CniSettings.Schema), difference => !difference.StartsWith("log.level: missing", StringComparison.Ordinal));
}
