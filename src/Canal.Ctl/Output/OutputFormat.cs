namespace Canal.Ctl;

/// <summary>What <c>-o</c> asks for.</summary>
internal enum OutputFormat
{
    Table,
    Wide,
    Yaml,
    Json,
    Name,
}
