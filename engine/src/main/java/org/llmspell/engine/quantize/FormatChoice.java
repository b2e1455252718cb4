package org.llmspell.engine.quantize;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.TensorInfo;

/**
 * Chooses each tensor's format as llama.cpp does (llama-quant.cpp of August 2026), so that a file of a name is what people
 * know by it: some tensors gain much by more bits, and the output and the first and last layers most. Asked for all
 * tensors in the order of {@link QuantizationPlan}, since some choices count layers.
 */
final class FormatChoice {
    private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\..*");

    /** Parts of names of small or sensitive matrices that are kept as they are. */
    private static final List<String> KEPT = List.of(
            "_norm.weight",
            "ffn_gate_inp.weight",
            "ffn_gate_tid2eid.weight",
            "altup",
            "laurel",
            "per_layer_model_proj",
            "ssm_conv1d",
            "shortconv.conv.weight",
            "indexer.k_proj.weight",
            "indexer.q_proj.weight",
            "time_mix_first.weight",
            "time_mix_w0.weight",
            "time_mix_w1.weight",
            "time_mix_w2.weight",
            "time_mix_v0.weight",
            "time_mix_v1.weight",
            "time_mix_v2.weight",
            "time_mix_a0.weight",
            "time_mix_a1.weight",
            "time_mix_a2.weight",
            "time_mix_g1.weight",
            "time_mix_g2.weight",
            "time_mix_decay_w1.weight",
            "time_mix_decay_w2.weight",
            "time_mix_lerp_fused.weight",
            "attn_rel_b.weight",
            ".position_embd",
            "sam.pos_embd",
            "sam.neck.",
            "sam.net_",
            ".rel_pos",
            ".patch_embd",
            ".patch_merger",
            "a.rvq.codebook",
            "mm.a.code_embd");

    private final Recipe recipe;
    private final boolean pure;
    private final ModelTraits traits;
    private final boolean tied;
    private final int valueTensors;
    private int values;
    private int downs;

    /** @param pure gives every matrix the recipe's format */
    FormatChoice(Recipe recipe, boolean pure, ModelTraits traits, List<TensorInfo> tensors) {
        this.recipe = recipe;
        this.pure = pure;
        this.traits = traits;
        this.tied = tensors.stream().noneMatch(tensor -> TensorRole.of(tensor.name()) == TensorRole.OUTPUT);
        this.valueTensors = (int) tensors.stream()
                .filter(tensor -> TensorRole.of(tensor.name()) == TensorRole.ATTENTION_VALUE)
                .count();
    }

    /**
     * A tensor's format.
     *
     * @param fallback whether it is not the one wanted, because rows are no whole number of that one's blocks
     */
    record Choice(BlockFormat format, boolean fallback) {}

    /** The format of the next tensor. */
    Choice next(TensorInfo tensor) {
        if (!isConverted(tensor)) {
            return new Choice(tensor.format(), false);
        }
        if (!recipe.isQuantized()) {
            return new Choice(recipe.format(), false);
        }
        BlockFormat wanted = pure ? recipe.format() : wanted(tensor);
        BlockFormat fitting = fitting(wanted, tensor.columns());
        return new Choice(fitting, fitting != wanted);
    }

    private static boolean isConverted(TensorInfo tensor) {
        String name = tensor.name();
        boolean matrix = tensor.shape().stream().skip(1).anyMatch(dimension -> dimension > 1);
        return matrix
                && name.endsWith("weight")
                && !name.equals("position_embd.weight")
                && !name.equals("token_types.weight")
                && KEPT.stream().noneMatch(name::contains);
    }

    private BlockFormat wanted(TensorInfo tensor) {
        TensorRole role = TensorRole.of(tensor.name());
        if (role == TensorRole.OUTPUT || (tied && role == TensorRole.TOKEN_EMBEDDING)) {
            return output(tensor);
        }
        if (recipe == Recipe.MXFP4_MOE) {
            boolean experts = tensor.shape().size() > 2 && tensor.shape().get(2) > 1;
            return experts ? BlockFormat.MXFP4 : BlockFormat.Q8_0;
        }
        return switch (role) {
            case TOKEN_EMBEDDING -> tokenEmbedding();
            case ATTENTION_VALUE -> value(values++);
            case ATTENTION_KEY -> traits.hasEightExperts() ? BlockFormat.Q8_0 : recipe.format();
            case ATTENTION_OUTPUT -> attentionOutput();
            case FEED_FORWARD_DOWN -> down(layer(tensor.name(), downs++));
            case OUTPUT, OTHER -> recipe.format();
        };
    }

    private BlockFormat output(TensorInfo tensor) {
        boolean whole = tensor.columns() % recipe.format().blockElements() == 0;
        if (recipe == Recipe.MXFP4_MOE || recipe == Recipe.Q8_0 || traits.isFalcon() || !whole) {
            return BlockFormat.Q8_0;
        }
        return BlockFormat.Q6_K;
    }

    private BlockFormat tokenEmbedding() {
        return switch (recipe) {
            case TQ1_0, TQ2_0 -> BlockFormat.Q4_K;
            default -> recipe.format();
        };
    }

    private BlockFormat value(int index) {
        if (traits.hasEightExperts()) {
            return BlockFormat.Q8_0;
        }
        boolean shared = traits.sharedHeads() >= 4;
        BlockFormat format = switch (recipe) {
            case Q2_K -> shared ? BlockFormat.Q4_K : BlockFormat.Q3_K;
            case Q2_K_S -> shared ? BlockFormat.Q4_K : BlockFormat.Q2_K;
            case Q3_K_M -> index < 2 ? BlockFormat.Q5_K : BlockFormat.Q4_K;
            case Q3_K_L -> BlockFormat.Q5_K;
            case IQ3_S -> shared ? BlockFormat.Q4_K : BlockFormat.IQ3_S;
            case IQ3_M -> BlockFormat.Q4_K;
            case IQ4_NL, IQ4_XS -> shared ? BlockFormat.Q5_K : recipe.format();
            case Q4_K_M, Q5_K_M -> isWorthMore(index, valueTensors) ? BlockFormat.Q6_K : recipe.format();
            case Q4_K_S -> index < 4 ? BlockFormat.Q5_K : BlockFormat.Q4_K;
            default -> recipe.format();
        };
        boolean coarse = format == BlockFormat.Q3_K || format == BlockFormat.Q4_K;
        return traits.isLlama70B() && coarse ? BlockFormat.Q5_K : format;
    }

    private BlockFormat attentionOutput() {
        if (traits.isFalcon()) {
            return recipe == Recipe.Q3_K_L ? BlockFormat.Q4_K : recipe.format();
        }
        if (traits.hasEightExperts()) {
            return switch (recipe) {
                case Q2_K, Q3_K_S, Q3_K_M, IQ3_S, IQ3_M, IQ4_NL, Q4_K_S, Q4_K_M, IQ4_XS -> BlockFormat.Q5_K;
                default -> recipe.format();
            };
        }
        return switch (recipe) {
            case Q2_K -> BlockFormat.Q3_K;
            case Q3_K_M, IQ3_M -> BlockFormat.Q4_K;
            case Q3_K_L -> BlockFormat.Q5_K;
            default -> recipe.format();
        };
    }

    private BlockFormat down(int layer) {
        int layers = traits.layers();
        boolean early = layer < layers / 8;
        boolean first = layer < layers / 16;
        boolean more = isWorthMore(layer, layers);
        return switch (recipe) {
            case Q2_K -> BlockFormat.Q3_K;
            case Q2_K_S -> early ? BlockFormat.Q4_K : BlockFormat.Q2_K;
            case Q3_K_M -> first ? BlockFormat.Q5_K : !traits.isFalcon() || more ? BlockFormat.Q4_K : BlockFormat.Q3_K;
            case Q3_K_L -> traits.isFalcon() ? BlockFormat.Q4_K : BlockFormat.Q5_K;
            case IQ3_M -> early || (traits.hasEightExperts() && more) ? BlockFormat.Q4_K : BlockFormat.IQ3_S;
            case Q4_K_M -> {
                if (traits.isFalcon()) {
                    yield first ? BlockFormat.Q6_K : more ? BlockFormat.Q5_K : BlockFormat.Q4_K;
                }
                yield more ? BlockFormat.Q6_K : BlockFormat.Q4_K;
            }
            case IQ4_NL, IQ4_XS -> early ? BlockFormat.Q5_K : recipe.format();
            case Q5_K_M -> more ? BlockFormat.Q6_K : BlockFormat.Q5_K;
            case Q4_K_S -> early && !traits.isFalcon() ? BlockFormat.Q5_K : BlockFormat.Q4_K;
            default -> recipe.format();
        };
    }

    /** The first and last eighth of the layers, and every third between. */
    private static boolean isWorthMore(int layer, int layers) {
        return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
    }

    /** With experts a layer may have several tensors of a role, so that counting them does not tell the layer. */
    private int layer(String name, int counted) {
        if (traits.experts() > 1) {
            Matcher matcher = LAYER.matcher(name);
            if (matcher.matches() && matcher.group(1).length() < 6) {
                return Integer.parseInt(matcher.group(1));
            }
        }
        return counted;
    }

    /** {@code wanted}, or the next better format with smaller blocks of which rows are a whole number. */
    private static BlockFormat fitting(BlockFormat wanted, long columns) {
        if (columns % wanted.blockElements() == 0) {
            return wanted;
        }
        BlockFormat smaller = switch (wanted) {
            case IQ4_XS, IQ3_S -> BlockFormat.IQ4_NL;
            case Q2_K, Q3_K, TQ1_0, TQ2_0 -> BlockFormat.Q4_0;
            case Q4_K -> BlockFormat.Q5_0;
            case Q5_K -> BlockFormat.Q5_1;
            case Q6_K -> BlockFormat.Q8_0;
            default -> wanted;
        };
        return columns % smaller.blockElements() == 0 ? smaller : BlockFormat.F16;
    }
}
