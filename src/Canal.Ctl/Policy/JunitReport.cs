using System.Globalization;
using System.Xml;

namespace Canal.Ctl;

/// <summary>Test results as CI systems read them: JUnit's XML, a suite for each file.</summary>
internal static class JunitReport
{
    public static void Write(IReadOnlyList<(string File, IReadOnlyList<PolicyTestResult> Results)> files, TextWriter to)
    {
        using (XmlWriter xml = XmlWriter.Create(to, new XmlWriterSettings { Indent = true, NewLineChars = "\n", OmitXmlDeclaration = true, CheckCharacters = false }))
        {
            xml.WriteStartElement("testsuites");
            foreach ((string file, IReadOnlyList<PolicyTestResult> results) in files)
                Write(file, results, xml);
            xml.WriteEndElement();
        }
        to.Write('\n');
    }

    private static void Write(string file, IReadOnlyList<PolicyTestResult> results, XmlWriter xml)
    {
        xml.WriteStartElement("testsuite");
        xml.WriteAttributeString("name", file);
        xml.WriteAttributeString("tests", results.Count.ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("failures", results.Count(result => !result.Passed).ToString(CultureInfo.InvariantCulture));
        foreach (PolicyTestResult result in results)
        {
            xml.WriteStartElement("testcase");
            xml.WriteAttributeString("classname", file);
            xml.WriteAttributeString("name", Hosting.EscapedText.Of(result.Test.Name));
            if (!result.Passed)
            {
                xml.WriteStartElement("failure");
                xml.WriteAttributeString("message", Hosting.EscapedText.Of(result.Detail));
                xml.WriteString(result.Test.Where);
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
    }
}
