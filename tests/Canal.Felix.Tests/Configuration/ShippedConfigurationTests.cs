using Canal.Felix.Configuration;
using Canal.Testing;
using Canal.Testing.Manuals;

namespace Canal.Felix.Tests.Configuration;

public sealed class ShippedConfigurationTests
{
    [Fact]
    public void The_shipped_file_and_the_manual_page_tell_every_setting_and_its_default() =>
        Assert.Empty(ShippedConfiguration.Differences(FelixSettings.Schema));

    [Fact]
    public void The_manual_page_has_the_options_that_the_program_has() => Assert.Empty(DaemonManual.Differences(CommandLine.Program));

    [Fact]
    public void The_journals_catalogue_explains_every_kind_of_message() => Catalogue.Explains(typeof(Log).Assembly, "canal-felix.catalog");
}
