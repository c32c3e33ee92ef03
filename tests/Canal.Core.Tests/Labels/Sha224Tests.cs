using System.Text;
using Canal.Core.Labels;

namespace Canal.Core.Tests.Labels;

public sealed class Sha224Tests
{
    [Theory]
    [InlineData("", "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f")]
    [InlineData("abc", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "75388b16512776cc5dba5da1fd890150b0c6455cb4f58b1952522525")]
    public void The_vectors_of_FIPS_180_come_out(string message, string expected) => Assert.Equal(expected, Hash(Encoding.ASCII.GetBytes(message)));

    [Theory]
    [InlineData(55, "fb0bd626a70c28541dfa781bb5cc4d7d7f56622a58f01a0b1ddd646f")]
    [InlineData(56, "d40854fc9caf172067136f2e29e1380b14626bf6f0dd06779f820dcd")]
    [InlineData(63, "1d4e051f4d6fed2a63fd2421e65834cec00d64456553de3496ae8b1d")]
    [InlineData(64, "a88cd5cde6d6fe9136a4e58b49167461ea95d388ca2bdb7afdc3cbf4")]
    [InlineData(119, "e000e6709d26667b631faa7fc1bd404eb4774003c5fb4f51a0184875")]
    [InlineData(120, "66924e30a9929327e7a6cf03747397226ed2efc180ebe3dea7132a79")]
    [InlineData(1000, "4e8f0ce90b64661a2b5e84be6d93a7d9b76871062f1814433d04a03d")]
    public void Padding_is_right_on_both_sides_of_every_block_edge(int length, string expected) =>
        Assert.Equal(expected, Hash([.. Enumerable.Repeat((byte)'a', length)]));

    private static string Hash(byte[] message)
    {
        byte[] hash = new byte[Sha224.HashSize];
        Sha224.Hash(message, hash);
        return Convert.ToHexStringLower(hash);
    }
}
