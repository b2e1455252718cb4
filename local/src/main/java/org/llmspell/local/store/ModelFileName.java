package org.llmspell.local.store;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the name of a GGUF file says: {@code BASE[-QUANTIZATION][-00001-of-00003].gguf}, as publishers write it.
 *
 * @param base the rest, never empty
 * @param quantization in upper case, such as {@code Q4_K_M}; null if the name has none
 * @param part which part of a split model, from 1; 1 for a whole one
 * @param parts how many there are; 1 for a whole one
 */
public record ModelFileName(String base, @Nullable String quantization, int part, int parts) {
    private static final Pattern SPLIT = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})");
    private static final String LABEL =
            "(?:UD-)?(?:I?Q\\d_[A-Z0-9_]+|TQ\\d_\\d|F16|FP16|BF16|F32|FP32|MXFP4(?:_MOE)?|NVFP4)";
    private static final Pattern QUANTIZED = Pattern.compile("(.+?)[-._](" + LABEL + ")", Pattern.CASE_INSENSITIVE);
    private static final Pattern QUANTIZATION = Pattern.compile(LABEL, Pattern.CASE_INSENSITIVE);
    private static final String EXTENSION = ".gguf";

    /** Whether {@code fileName} ends as GGUF files do. */
    public static boolean isGguf(String fileName) {
        return fileName.length() > EXTENSION.length()
                && fileName.toLowerCase(Locale.ROOT).endsWith(EXTENSION);
    }

    /** Takes a file's name (no folder) apart; the extension may be missing. */
    public static ModelFileName of(String fileName) {
        String stem = isGguf(fileName) ? fileName.substring(0, fileName.length() - EXTENSION.length()) : fileName;
        int part = 1;
        int parts = 1;
        Matcher split = SPLIT.matcher(stem);
        if (split.matches()) {
            int number = Integer.parseInt(split.group(2));
            int count = Integer.parseInt(split.group(3));
            if (number >= 1 && number <= count) {
                stem = split.group(1);
                part = number;
                parts = count;
            }
        }
        Matcher quantized = QUANTIZED.matcher(stem);
        return quantized.matches()
                ? new ModelFileName(quantized.group(1), upper(quantized.group(2)), part, parts)
                : new ModelFileName(stem, null, part, parts);
    }

    /** {@code text} in upper case if it is the label of a quantization. */
    public static Optional<String> quantization(String text) {
        return QUANTIZATION.matcher(text).matches() ? Optional.of(upper(text)) : Optional.empty();
    }

    private static String upper(String label) {
        String upper = label.toUpperCase(Locale.ROOT);
        return upper.equals("FP16") ? "F16" : upper.equals("FP32") ? "F32" : upper;
    }
}
