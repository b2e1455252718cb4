package org.llmspell.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.layer.ExpertMlp;
import org.llmspell.engine.layer.FeedForward;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.GatedMlp.Activation;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.engine.layer.Router;
import org.llmspell.engine.layer.Router.Gating;

/**
 * Reads the feed-forward layers of a model with a mixture of experts: how it routes; which layers are plain ones; and the experts'
 * tensors with what goes with them, a bias of the choice, shared experts and their gate. Names and keys as llama.cpp's
 * (llama-arch.cpp).
 */
final class ExpertReader {
    private final Hyperparameters parameters;
    private final Tensors tensors;
    private final DecoderShape shape;
    private final Activation activation;
    private final Gating gating;
    private final boolean renormalized;
    private boolean inputsWeighed;

    /**
     * @param activation of experts and plain layers
     * @param gating where the file does not say
     * @param renormalized whether shares are made to sum to 1,
     */
    ExpertReader(DecoderParts parts, Activation activation, Gating gating, boolean renormalized) {
        this.parameters = parts.parameters();
        this.tensors = parts.source().tensors();
        this.shape = parts.shape();
        this.activation = activation;
        this.gating = gating(gating);
        this.renormalized = renormalized;
    }

    /** Weighs what goes into the experts and not what comes out. */
    ExpertReader weighingInputs() {
        inputsWeighed = true;
        return this;
    }

    /** Numbers of {@code expert_gating_func} in llama.cpp's llama-hparams.h; 0 stands for none given. */
    private Gating gating(Gating absent) {
        int number = parameters.countOr("expert_gating_func", 0);
        return switch (number) {
            case 0 -> absent;
            case 1 -> Gating.SOFTMAX;
            case 2 -> Gating.SIGMOID;
            case 3 -> Gating.SOFTMAX_OF_CHOSEN;
            default ->
                throw new EngineException(
                        Problem.UNSUPPORTED_MODEL,
                        "The model routes its experts in a way that is not supported: %s is %d"
                                .formatted(parameters.full("expert_gating_func"), number),
                        List.of("Use another backend for it"));
        };
    }

    /** The feed-forward of a layer: a mixture where the file has a router for it, else a plain one. */
    FeedForward layer(int layer) {
        String block = "blk." + layer + ".";
        if (!tensors.has(block + "ffn_gate_inp.weight")) {
            return shape.mlp(tensors, block, layer, activation);
        }
        if (shape.experts() == 0) {
            throw parameters.broken("metadata key " + parameters.full("expert_count") + " is missing");
        }
        Dimension n = shape.embeddingDimension();
        GatedMlp shared = shared(block);
        Linear sharedGate = shared != null && tensors.has(block + "ffn_gate_inp_shexp.weight")
                ? tensors.row(block + "ffn_gate_inp_shexp", n) // [1][n]
                : null;
        return new ExpertMlp(router(block), experts(block), shared, sharedGate, inputsWeighed);
    }

    private Router router(String block) {
        Dimension e = new Dimension("expert_count", shape.experts());
        int groups = parameters.positiveOr("expert_group_count", 1);
        int groupsUsed = groups == 1 ? 1 : parameters.positive("expert_group_used_count");
        int size = shape.experts() / groups;
        if (shape.experts() % groups != 0 || groupsUsed > groups || groups > 1 && size < 2) {
            throw parameters.broken(
                    "%d experts cannot be chosen from %d of %d groups".formatted(shape.experts(), groupsUsed, groups));
        }
        if (shape.expertsUsed() > groupsUsed * size) {
            throw parameters.broken("%s is %d, but %d groups have %d experts"
                    .formatted(
                            parameters.full("expert_used_count"), shape.expertsUsed(), groupsUsed, groupsUsed * size));
        }
        float scale = parameters.numberOr("expert_weights_scale", 0);
        return new Router(
                tensors.linear(block + "ffn_gate_inp", e, shape.embeddingDimension()), // [experts][n]
                tensors.has(block + "exp_probs_b.bias") ? tensors.vector(block + "exp_probs_b.bias", e) : null,
                tensors.has(block + "ffn_gate_inp.scale") ? streamNorm(block) : null,
                tensors.has(block + "ffn_down_exps.scale") ? tensors.vector(block + "ffn_down_exps.scale", e) : null,
                gating,
                shape.expertsUsed(),
                groups,
                groupsUsed,
                renormalized,
                // A scale of 0 stands for none.
                scale == 0 ? 1 : scale);
    }

    /** Gemma 4's router sees the stream normalized, times a vector of its own and 1/√n. */
    private RmsNorm streamNorm(String block) {
        Dimension n = shape.embeddingDimension();
        float factor = (float) (1 / Math.sqrt((double) n.size()));
        return new RmsNorm(tensors.scaled(block + "ffn_gate_inp.scale", n, factor), shape.epsilon());
    }

    private List<GatedMlp> experts(String block) {
        Dimension n = shape.embeddingDimension();
        Dimension f = shape.expertDimension();
        Dimension e = new Dimension("expert_count", shape.experts());
        List<Linear> gates = new ArrayList<>();
        List<Linear> ups = new ArrayList<>();
        if (tensors.has(block + "ffn_gate_up_exps.weight")) {
            Dimension both = new Dimension("2 · expert feed_forward_length", 2 * f.size());
            for (Linear pair : tensors.stacked(block + "ffn_gate_up_exps", both, n, e)) { // [experts][f + f][n]
                List<Linear> halves = Tensors.cut(pair, f, f);
                gates.add(halves.get(0));
                ups.add(halves.get(1));
            }
        } else {
            gates.addAll(each(block + "ffn_gate", f, n, e)); // [experts][f][n]
            ups.addAll(each(block + "ffn_up", f, n, e)); // [experts][f][n]
        }
        List<Linear> downs = each(block + "ffn_down", n, f, e); // [experts][n][f]
        List<GatedMlp> experts = new ArrayList<>();
        for (int i = 0; i < shape.experts(); i++) {
            experts.add(new GatedMlp(gates.get(i), ups.get(i), downs.get(i), activation));
        }
        return experts;
    }

    /** One matrix of each expert, out of one tensor; the first files of Mixtral have a tensor for each. */
    private List<Linear> each(String name, Dimension outputs, Dimension inputs, Dimension experts) {
        if (!tensors.has(name + ".0.weight")) {
            return tensors.stacked(name + "_exps", outputs, inputs, experts);
        }
        List<Linear> apart = new ArrayList<>();
        for (int i = 0; i < experts.size(); i++) {
            apart.add(tensors.linear(name + "." + i, outputs, inputs));
        }
        return apart;
    }

    private @Nullable GatedMlp shared(String block) {
        if (!tensors.has(block + "ffn_up_shexp.weight")) {
            return null;
        }
        Dimension n = shape.embeddingDimension();
        int width = tensors.outputs(block + "ffn_up_shexp.weight");
        Dimension f = new Dimension("shared expert's feed_forward_length", width);
        return new GatedMlp(
                tensors.linear(block + "ffn_gate_shexp", f, n), // [f][n]
                tensors.linear(block + "ffn_up_shexp", f, n), // [f][n]
                tensors.linear(block + "ffn_down_shexp", n, f), // [n][f]
                activation);
    }
}
