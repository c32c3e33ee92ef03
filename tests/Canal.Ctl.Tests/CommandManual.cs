using System.CommandLine;
using System.Text;
using Canal.Testing.Manuals;

namespace Canal.Ctl.Tests;

/// <summary>The reference in canalctl(8): every command with its arguments and options, from what <c>--help</c> and completion are made of.</summary>
internal static class CommandManual
{
    /// <summary>The part of the page, in mdoc.</summary>
    public static string Reference(RootCommand root)
    {
        StringBuilder text = new(".Ss Of every command\n");
        AppendList(text, [], root.Options);
        foreach (Command command in root.Subcommands) Append(text, command, command.Name);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Command command, string words)
    {
        if (command.Hidden) return;
        foreach (Command inner in command.Subcommands) Append(text, inner, $"{words} {inner.Name}");
        if (command.Subcommands.Count > 0) return;
        text.Append($".Ss {words}\n.Nm\n.Cm {words}{string.Concat(command.Arguments.Where(a => !a.Hidden).Select(Place))}\n.Pp\n{ManualPage.Sentences(command.Description!)}");
        AppendList(text, command.Arguments, command.Options);
    }

    private static void AppendList(StringBuilder text, IEnumerable<Argument> arguments, IEnumerable<Option> options)
    {
        string[] items = [.. arguments.Where(a => !a.Hidden && a.Description is not null).Select(Item), .. options.Where(o => !o.Hidden).Select(Item)];
        if (items.Length > 0) text.Append(".Bl -tag -width Ds\n").AppendJoin("", items).Append(".El\n");
    }

    /// <summary>Where an argument stands: one that may be left out in brackets, one that may come again with dots.</summary>
    private static string Place(Argument argument)
    {
        string name = $"Ar {argument.Name}{(argument.Arity.MaximumNumberOfValues > 1 ? " ..." : "")}";
        return argument.Arity.MinimumNumberOfValues == 0 ? $" Oo {name} Oc" : $" {name}";
    }

    private static string Item(Argument argument) => $".It Ar {argument.Name}\n{ManualPage.Sentences(argument.Description!)}";

    private static string Item(Option option)
    {
        IEnumerable<string> names = option.Aliases.Append(option.Name).OrderBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal).Select(ManualPage.Flag);
        string value = option.HelpName is null ? "" : $" Ar {option.HelpName}";
        return $".It {string.Join(" , ", names)}{value}\n{ManualPage.Sentences(option.Description!)}";
    }
}
