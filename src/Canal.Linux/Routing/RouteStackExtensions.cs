using Canal.Linux.Netlink;

namespace Canal.Linux.Routing;

public static class RouteStackExtensions
{
    extension(IRouteStack stack)
    {
        /// <summary>Applies one change and tells what became of it.</summary>
        public ChangeResult Try(KernelChange change)
        {
            ChangeResult result = default;
            stack.Apply(new ReadOnlySpan<KernelChange>(in change), new Span<ChangeResult>(ref result));
            return result;
        }

        /// <summary>Applies one change.</summary>
        /// <exception cref="NetlinkException">The kernel refused.</exception>
        public void Apply(KernelChange change)
        {
            ChangeResult result = stack.Try(change);
            if (!result.IsOk) throw new NetlinkException(result.Request!, result.Errno, result.Detail);
        }

        /// <summary>Applies changes in order; a refused one does not stop those after it.</summary>
        public ChangeResult[] ApplyAll(params ReadOnlySpan<KernelChange> changes)
        {
            ChangeResult[] results = new ChangeResult[changes.Length];
            stack.Apply(changes, results);
            return results;
        }

        /// <summary>The link of this name, or null.</summary>
        public Link? FindLink(string name) => stack.Links().FirstOrDefault(link => link.Name == name);
    }
}
