package org.llmspell.engine.template.text;

import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Value;

/** The methods of Python's {@code str} by name; {@code format} is Jinja's own, since it looks up attributes. */
public final class TextMethods {
    /** What a method does. */
    @FunctionalInterface
    public interface Method {
        Value call(Text self, Args args);
    }

    private TextMethods() {}

    /** The method {@code name}; null if there is none that templates may use. */
    public static @Nullable Method find(String name) {
        switch (name) {
            case "strip":
                return (self, args) -> Stripping.strip(self, args, "strip", true, true);
            case "lstrip":
                return (self, args) -> Stripping.strip(self, args, "lstrip", true, false);
            case "rstrip":
                return (self, args) -> Stripping.strip(self, args, "rstrip", false, true);
            case "removeprefix":
                return Stripping::removePrefix;
            case "removesuffix":
                return Stripping::removeSuffix;
            case "split":
                return (self, args) -> Splitting.split(self, args, false);
            case "rsplit":
                return (self, args) -> Splitting.split(self, args, true);
            case "splitlines":
                return Splitting::splitLines;
            case "partition":
                return (self, args) -> Splitting.partition(self, args, false);
            case "rpartition":
                return (self, args) -> Splitting.partition(self, args, true);
            case "startswith":
                return (self, args) -> Searching.affix(self, args, "startswith");
            case "endswith":
                return (self, args) -> Searching.affix(self, args, "endswith");
            case "find":
                return (self, args) -> Searching.find(self, args, "find");
            case "rfind":
                return (self, args) -> Searching.find(self, args, "rfind");
            case "index":
                return (self, args) -> Searching.find(self, args, "index");
            case "rindex":
                return (self, args) -> Searching.find(self, args, "rindex");
            case "count":
                return Searching::count;
            case "replace":
                return Searching::replace;
            case "join":
                return Joining::join;
            default:
                return caseOrWidth(name);
        }
    }

    private static @Nullable Method caseOrWidth(String name) {
        switch (name) {
            case "upper":
                return (self, args) -> Casing.upper(none(self, args, name));
            case "lower":
                return (self, args) -> Casing.lower(none(self, args, name));
            case "casefold":
                return (self, args) -> Casing.fold(none(self, args, name));
            case "capitalize":
                return (self, args) -> Casing.capitalize(none(self, args, name));
            case "title":
                return (self, args) -> Casing.title(none(self, args, name));
            case "swapcase":
                return (self, args) -> Casing.swap(none(self, args, name));
            case "center":
            case "ljust":
            case "rjust":
                return (self, args) -> Padding.justify(self, args, name);
            case "zfill":
                return Padding::zeroFill;
            case "expandtabs":
                return Padding::expandTabs;
            default:
                return CharacterTests.exists(name)
                        ? (self, args) ->
                                CharacterTests.test(none(self, args, name).chars(), name)
                        : null;
        }
    }

    private static Text none(Text self, Args args, String name) {
        args.plain("str." + name, 0, 0);
        return self;
    }

    /** An argument that must be a string. */
    static Text text(Value value, String function) {
        if (value instanceof Text text) {
            return text;
        }
        throw org.llmspell.engine.template.value.PythonException.typeError(
                function + "() argument must be str, not " + value.typeName());
    }
}
