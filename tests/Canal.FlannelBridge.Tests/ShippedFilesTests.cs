using Canal.FlannelBridge.Configuration;
using Canal.Testing;
using Canal.Testing.Manuals;

namespace Canal.FlannelBridge.Tests;

/// <summary>The settings file and the manual page that are shipped say what the program does.</summary>
public sealed class ShippedFilesTests
{
    [Fact]
    public void The_shipped_file_and_the_manual_page_have_every_setting_with_its_default() => Assert.Empty(ShippedConfiguration.Differences(BridgeSettings.Schema));

    [Fact]
    public void The_manual_page_has_the_options_that_the_program_has() => Assert.Empty(DaemonManual.Differences(CommandLine.Program));

    [Fact]
    public void The_journals_catalogue_explains_every_kind_of_message() => Catalogue.Explains(typeof(Log).Assembly, "canal-flannel-bridge.catalog");
}
