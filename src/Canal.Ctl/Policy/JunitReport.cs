using System.Security;
using System.Text;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>Test results as CI systems read them: JUnit's XML, a suite for each file.</summary>
internal static class JunitReport
{
    public static void Write(IReadOnlyList<(string File, IReadOnlyList<PolicyTestResult> Results)> files, TextWriter to)
    {
        StringBuilder xml = new("<testsuites>\n");
        foreach ((string file, IReadOnlyList<PolicyTestResult> results) in files)
        {
            xml.Append($"  <testsuite name=\"{Text(file)}\" tests=\"{results.Count}\" failures=\"{results.Count(result => !result.Passed)}\">\n");
            foreach (PolicyTestResult result in results)
                Write(file, result, xml);
            xml.Append("  </testsuite>\n");
        }
        to.Write(xml.Append("</testsuites>\n"));
    }

    private static void Write(string file, PolicyTestResult result, StringBuilder xml)
    {
        xml.Append($"    <testcase classname=\"{Text(file)}\" name=\"{Text(result.Test.Name)}\"");
        if (result.Passed)
            xml.Append(" />\n");
        else
            xml.Append($">\n      <failure message=\"{Text(result.Detail)}\">{Text(result.Test.Where)}</failure>\n    </testcase>\n");
    }

    /// <summary>Control characters, which XML cannot hold, are escaped first.</summary>
    private static string Text(string text) => SecurityElement.Escape(EscapedText.Of(text));
}
