package org.llmspell.engine.tokenizer;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Random text of all that tokenizers treat differently, with some of it left out on demand. */
final class MixedText {
    /** What a text may hold beyond words, digits, white space, punctuation and scripts without case. */
    enum Feature {
        /** Capital letters of ASCII. */
        CAPITALS,
        /** Letters with case outside ASCII. */
        FOREIGN_CASE,
        /** Characters that combine with the one before. */
        MARKS,
        /** Digits and numerals outside ASCII. */
        FOREIGN_DIGITS,
        /** White space other than single spaces, before anything. */
        WIDE_SPACES,
        /** Characters with no visible form, and unassigned ones. */
        INVISIBLE
    }

    private static final List<String> ALWAYS = List.of(
            " ",
            " ",
            " ",
            " ",
            " ",
            "the ",
            "quick",
            "brown ",
            " fox",
            "don't ",
            "it's ",
            "we'll",
            "they've",
            "'",
            "''",
            "a's",
            "1",
            "12 ",
            "345",
            " 6789",
            "0123456789",
            "1,000.50",
            "!",
            "?",
            "...",
            "…",
            "。",
            "，",
            "、",
            "،",
            "।",
            "(",
            ")",
            "[x]",
            "{",
            "}",
            "$",
            "+",
            "<=>",
            "^",
            "~",
            "|",
            "`",
            "/",
            "//",
            "\\",
            "_",
            "-",
            "—",
            "“x”",
            "@",
            "#tag",
            "%",
            "&",
            "*",
            ";",
            ":",
            "\"",
            "中文",
            "漢字",
            "。",
            "かな",
            "カナ",
            "ー",
            "한글",
            "ㄅㄆ",
            "عربي",
            "עברית",
            "ไทย",
            "🦙",
            "👍",
            "€",
            "x",
            "if (a) {",
            "\t",
            "\n",
            "=");
    private static final Map<Feature, List<String>> MORE = new EnumMap<>(Feature.class);

    static {
        MORE.put(Feature.CAPITALS, List.of("The ", "HTTP", "fooBar", "ABCdef", "I'M", "IT'S ", "X", "aB"));
        MORE.put(Feature.FOREIGN_CASE, List.of("é", "ñandú ", "Å", "ß", "Жук", "привет ", "ΑΒγ", "École", "İ"));
        MORE.put(Feature.MARKS, List.of("e\u0301", "\u0301", "नमस्ते", "बांग्ला ", "ที่"));
        MORE.put(Feature.FOREIGN_DIGITS, List.of("½", "²", "Ⅳ", "٣٤", "１２３"));
        MORE.put(
                Feature.WIDE_SPACES,
                List.of("  ", "   ", "     ", "\n\n", "\r\n", " \n", "\t\t", "\u00A0", "\u3000", "\u2028", "\n "));
        MORE.put(Feature.INVISIBLE, List.of("\u200D", "\uFEFF", "\u0001", "\u007F", "\uE000", "\uFFFD"));
    }

    private final List<String> chunks = new ArrayList<>();

    MixedText(Set<Feature> without) {
        for (Feature feature : EnumSet.complementOf(copy(without))) {
            chunks.addAll(MORE.get(feature));
        }
        // Half of a text is ordinary.
        int more = chunks.size();
        for (int i = 0; i == 0 || i * ALWAYS.size() < more; i++) {
            chunks.addAll(ALWAYS);
        }
    }

    private static EnumSet<Feature> copy(Set<Feature> features) {
        return features.isEmpty() ? EnumSet.noneOf(Feature.class) : EnumSet.copyOf(features);
    }

    /** A text of {@code length} chunks. */
    String next(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(chunks.get(random.nextInt(chunks.size())));
        }
        return text.toString();
    }

    /** {@code count} texts of up to {@code length} chunks. */
    List<String> texts(Random random, int count, int length) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(next(random, 1 + random.nextInt(length)));
        }
        return texts;
    }
}
