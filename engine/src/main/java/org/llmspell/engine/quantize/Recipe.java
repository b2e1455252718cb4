package org.llmspell.engine.quantize;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.gguf.BlockFormat;

/** What a model can be converted to, by the names that files are known by: a block format for most weights, others where it matters. */
public enum Recipe {
    F32(0, BlockFormat.F32),
    F16(1, BlockFormat.F16),
    BF16(32, BlockFormat.BF16),
    Q8_0(7, BlockFormat.Q8_0),
    Q6_K(18, BlockFormat.Q6_K),
    Q5_K_M(17, BlockFormat.Q5_K),
    Q5_K_S(16, BlockFormat.Q5_K),
    Q5_1(9, BlockFormat.Q5_1),
    Q5_0(8, BlockFormat.Q5_0),
    Q4_K_M(15, BlockFormat.Q4_K),
    Q4_K_S(14, BlockFormat.Q4_K),
    Q4_1(3, BlockFormat.Q4_1),
    Q4_0(2, BlockFormat.Q4_0),
    IQ4_NL(25, BlockFormat.IQ4_NL),
    IQ4_XS(30, BlockFormat.IQ4_XS),
    MXFP4_MOE(38, BlockFormat.MXFP4),
    Q3_K_L(13, BlockFormat.Q3_K),
    Q3_K_M(12, BlockFormat.Q3_K),
    IQ3_M(27, BlockFormat.IQ3_S),
    Q3_K_S(11, BlockFormat.Q3_K),
    IQ3_S(26, BlockFormat.IQ3_S),
    Q2_K(10, BlockFormat.Q2_K),
    Q2_K_S(21, BlockFormat.Q2_K),
    TQ2_0(37, BlockFormat.TQ2_0),
    TQ1_0(36, BlockFormat.TQ1_0);

    /** Formats so coarse that without a matrix of how important each weight is, the result is useless. */
    private static final Set<String> NEED_IMPORTANCE =
            Set.of("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS");

    private final int fileType;
    private final BlockFormat format;

    Recipe(int fileType, BlockFormat format) {
        this.fileType = fileType;
        this.format = format;
    }

    /** The number that {@code general.file_type} gives it (llama.cpp's {@code llama_ftype}). */
    public int fileType() {
        return fileType;
    }

    /** The format of most weights. */
    public BlockFormat format() {
        return format;
    }

    /** Whether weights come in blocks under a scale, rather than each on its own. */
    boolean isQuantized() {
        return format.blockElements() > 1;
    }

    /**
     * The recipe that {@code name} means, in any case; {@code Q3_K}, {@code Q4_K} and {@code Q5_K} are those with M, as in
     * llama.cpp, and {@code MXFP4} is the one for experts.
     *
     * @throws EngineException of kind {@code INVALID_OPTION} if there is none
     */
    public static Recipe of(String name) {
        String wanted = name.toUpperCase(Locale.ROOT);
        String full = switch (wanted) {
            case "Q3_K", "Q4_K", "Q5_K" -> wanted + "_M";
            case "MXFP4" -> "MXFP4_MOE";
            default -> wanted;
        };
        for (Recipe recipe : values()) {
            if (recipe.name().equals(full)) {
                return recipe;
            }
        }
        if (NEED_IMPORTANCE.contains(full)) {
            throw new EngineException(
                    Problem.INVALID_OPTION,
                    full + " needs an importance matrix, measured on text, without which its models are useless",
                    List.of("Take Q2_K or Q3_K_S, the smallest that do without"));
        }
        throw new EngineException(
                Problem.INVALID_OPTION,
                "\"" + name + "\" is no format to convert to",
                List.of("Take one of " + names()));
    }

    /** All names, the most precise first. */
    public static String names() {
        return Arrays.stream(values()).map(Recipe::name).collect(Collectors.joining(", "));
    }
}
