using System.Text;
using Canal.Core.Resources;
using CsCheck;

namespace Canal.Core.Tests.Resources;

public sealed class StringPoolTests
{
    [Fact]
    public void A_pool_gives_back_the_text_it_was_given_however_many_there_are()
    {
        StringPool pool = new();
        Gen.String.Array.Sample(texts =>
        {
            foreach (string text in texts)
            {
                byte[] bytes = Encoding.UTF8.GetBytes(text);
                Assert.Equal(Encoding.UTF8.GetString(bytes), pool.Get(bytes));
            }
        }, threads: 1);
    }

    [Fact]
    public void Equal_text_is_one_string()
    {
        StringPool pool = new();
        Assert.Same(pool.Get("projectcalico.org/namespace"u8), pool.Get("projectcalico.org/namespace"u8));
    }
}
