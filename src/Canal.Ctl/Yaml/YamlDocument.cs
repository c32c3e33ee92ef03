using System.Text.Json.Nodes;

namespace Canal.Ctl;

/// <summary>One document of a text.</summary>
/// <param name="Line">Where it begins, from 1.</param>
/// <param name="Root">Its value; null for an empty document.</param>
internal sealed record YamlDocument(int Line, JsonNode? Root);
