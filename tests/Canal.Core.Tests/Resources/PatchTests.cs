using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class PatchTests
{
    // The cases of RFC 7386, appendix A, whose result is an object or a plain value.
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c","d"]""", """["c","d"]""")]
    [InlineData("""{"a":"b"}""", """["c"]""", """["c"]""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("[1,2]", """{"a":"b","c":null}""", """{"a":"b"}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void A_merge_patch_is_as_its_specification_has_it(string target, string patch, string expected)
    {
        JsonNode before = JsonNode.Parse(target)!;
        Assert.Equal(expected, MergePatch.Apply(before, JsonNode.Parse(patch))!.ToJsonString());
        Assert.Equal(target, before.ToJsonString());
    }

    [Theory]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("""{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc"]}]""", """{"foo":["bar",["abc"]]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""", """{"foo":"bar"}""")]
    [InlineData("""{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("""{"foo":["all","cows"]}""", """[{"op":"replace","path":"/foo/0","value":1}]""", """{"foo":[1,"cows"]}""")]
    [InlineData("""{"foo":{"a":1},"qux":{}}""", """[{"op":"move","from":"/foo/a","path":"/qux/b"}]""", """{"foo":{},"qux":{"b":1}}""")]
    [InlineData("""{"foo":["a","b","c"]}""", """[{"op":"move","from":"/foo/1","path":"/foo/2"}]""", """{"foo":["a","c","b"]}""")]
    [InlineData("""{"a/b":{"c~d":1}}""", """[{"op":"test","path":"/a~1b/c~0d","value":1},{"op":"copy","from":"/a~1b","path":"/e"}]""", """{"a/b":{"c~d":1},"e":{"c~d":1}}""")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"","value":{"b":2}}]""", """{"b":2}""")]
    [InlineData("""{"a":null}""", """[{"op":"test","path":"/a","value":null},{"op":"add","path":"/b","value":null}]""", """{"a":null,"b":null}""")]
    public void A_JSON_patch_is_as_its_specification_has_it(string target, string patch, string expected)
    {
        JsonObject before = JsonNode.Parse(target)!.AsObject();
        Assert.Equal(expected, JsonPatch.Apply(before, JsonNode.Parse(patch)!.AsArray(), out Problem problem)?.ToJsonString() ?? problem.ToString());
        Assert.Equal(target, before.ToJsonString());
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""", "[0]: '/a' is not what was expected")]
    [InlineData("""[{"op":"test","path":"/a","value":1},{"op":"remove","path":"/b"}]""", "[1]: '/b' leads to nothing")]
    [InlineData("""[{"op":"add","path":"/b/c","value":1}]""", "[0]: '/b/c' leads to nothing")]
    [InlineData("""[{"op":"add","path":"a","value":1}]""", "[0]: 'a' leads to nothing")]
    [InlineData("""[{"op":"add","path":"/l/3","value":1}]""", "[0]: '/l/3' leads to nothing")]
    [InlineData("""[{"op":"remove","path":"/l/01"}]""", "[0]: '/l/01' leads to nothing")]
    [InlineData("""[{"op":"add","path":"/a"}]""", "[0]: has no value")]
    [InlineData("""[{"op":"merge","path":"/a"}]""", "[0]: 'merge' is not one of add, remove, replace, move, copy, test")]
    [InlineData("[7]", "[0]: is not an object")]
    [InlineData("""[{"op":"replace","path":"","value":[]}]""", "leaves no object")]
    public void An_operation_that_cannot_be_done_is_named(string patch, string problem)
    {
        Assert.Null(JsonPatch.Apply(JsonNode.Parse("""{"a":1,"l":[1,2]}""")!.AsObject(), JsonNode.Parse(patch)!.AsArray(), out Problem found));
        Assert.Equal(problem, found.ToString());
    }
}
