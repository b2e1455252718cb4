package org.llmspell.gguf;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of one part of a split model, {@code PREFIX-00002-of-00005.gguf}. Source: llama_split_path of llama.cpp.
 *
 * @param number the part's number, from 1
 * @param count the number of parts
 */
record SplitName(String prefix, int number, int count) {
    private static final Pattern NAME = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.gguf", Pattern.DOTALL);

    static Optional<SplitName> of(String fileName) {
        Matcher matcher = NAME.matcher(fileName);
        return matcher.matches()
                ? Optional.of(new SplitName(
                        matcher.group(1), Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(3))))
                : Optional.empty();
    }

    /** The name of part {@code other} of the same model. */
    SplitName part(int other) {
        return new SplitName(prefix, other, count);
    }

    String fileName() {
        return String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", prefix, number, count);
    }
}
