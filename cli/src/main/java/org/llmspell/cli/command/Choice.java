package org.llmspell.cli.command;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.llmspell.local.Nearest;
import org.llmspell.local.Quoted;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.TypeConversionException;

/** An option or parameter whose values are the constants of an enum, written in lower case. */
final class Choice {
    private Choice() {}

    static <E extends Enum<E>> OptionSpec.Builder option(Class<E> type, String... names) {
        return OptionSpec.builder(names)
                .type(type)
                .completionCandidates(known(type))
                .converters(converter(type));
    }

    /** A parameter of that kind, in place {@code index}. */
    static <E extends Enum<E>> PositionalParamSpec.Builder parameter(Class<E> type, int index) {
        return PositionalParamSpec.builder()
                .index(String.valueOf(index))
                .arity("1")
                .required(true)
                .type(type)
                .completionCandidates(known(type))
                .converters(converter(type));
    }

    private static <E extends Enum<E>> List<String> known(Class<E> type) {
        return Arrays.stream(type.getEnumConstants()).map(Choice::name).toList();
    }

    private static <E extends Enum<E>> ITypeConverter<E> converter(Class<E> type) {
        return text -> Arrays.stream(type.getEnumConstants())
                .filter(constant -> name(constant).equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException("expected " + String.join(", ", known(type))
                        + " but got " + Quoted.of(text) + Nearest.hint(text, known(type))));
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
