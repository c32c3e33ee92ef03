namespace Canal.Ctl;

/// <summary>What <c>-o</c> asks for.</summary>
internal enum OutputFormat
{
    Table,
    Wide,
    Yaml,
    Json,
    Name,

    /// <summary>A table of the columns that were named.</summary>
    CustomColumns,

    /// <summary>A text with values put in.</summary>
    JsonPath,
}
