package org.llmspell.engine.model;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.layer.Attention;
import org.llmspell.engine.layer.CausalConvolution;
import org.llmspell.engine.layer.DecoderLayer;
import org.llmspell.engine.layer.GatedMlp;
import org.llmspell.engine.layer.InputEmbedding;
import org.llmspell.engine.layer.LayerNorm;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.OutputHead;
import org.llmspell.engine.layer.PlainMlp;
import org.llmspell.engine.layer.RmsNorm;
import org.llmspell.engine.layer.RopeTable;
import org.llmspell.engine.layer.Scores;
import org.llmspell.kernels.WeightMatrix;

/**
 * The parts of a decoder as most files name them, each read when asked for. An architecture's own file says which of them it
 * is made of, and in what order.
 *
 * @param embedding {@code token_embd.weight [vocabulary][n]}
 */
record DecoderParts(ModelSource source, DecoderShape shape, WeightMatrix embedding) {
    static DecoderParts read(ModelSource source) {
        return read(source, DecoderShape.read(source));
    }

    /** Parts of a model some of whose layers may have no attention. */
    static DecoderParts readHybrid(ModelSource source) {
        return read(source, DecoderShape.readHybrid(source));
    }

    /** Parts of a model that sees a text whole, so that its keys and values are gone after the pass. */
    static DecoderParts readEncoder(ModelSource source) {
        return read(new ModelSource(source.parameters(), source.tensors(), source.vocabulary()));
    }

    static DecoderParts read(ModelSource source, DecoderShape shape) {
        WeightMatrix embedding =
                source.tensors().matrix("token_embd.weight", source.vocabularyDimension(), shape.embeddingDimension());
        return new DecoderParts(source, shape, embedding);
    }

    Hyperparameters parameters() {
        return source.parameters();
    }

    String architecture() {
        return source.parameters().architecture();
    }

    /** The rotation that the file describes, of element i with i + dimensions/2. */
    RopeTable ropeOfHalves() {
        return ropes().table(true);
    }

    /** The rotation that the file describes, of neighbouring elements. */
    RopeTable ropeOfNeighbours() {
        return ropes().table(false);
    }

    RopeReader ropes() {
        return new RopeReader(source, shape.heads().keyDimension(), shape.contextLength());
    }

    /** Scores by 1/√(key dimension) over all positions. */
    Scores scores() {
        return Scores.of(shape.heads().keyDimension());
    }

    /** The RMS norm {@code NAME.weight [n]}. */
    RmsNorm rmsNorm(String name) {
        return source.tensors().norm(name, shape.embeddingDimension(), shape.epsilon());
    }

    /** The RMS norm {@code blk.LAYER.NAME.weight [n]}. */
    RmsNorm rmsNorm(int layer, String name) {
        return rmsNorm(block(layer) + name);
    }

    /** The layer norm {@code NAME.weight [n]} with {@code NAME.bias [n]}, if there is one. */
    LayerNorm layerNorm(String name) {
        return source.tensors().layerNorm(name, shape.embeddingDimension(), layerNormEpsilon());
    }

    /** The layer norm {@code blk.LAYER.NAME.weight [n]} with its bias, if there is one. */
    LayerNorm layerNorm(int layer, String name) {
        return layerNorm(block(layer) + name);
    }

    float layerNormEpsilon() {
        return shape.layerNormEpsilon(source.parameters());
    }

    /** Whether the file has the tensor {@code blk.LAYER.NAME}. */
    boolean has(int layer, String name) {
        return source.tensors().has(block(layer) + name);
    }

    /** The vector {@code blk.LAYER.NAME.weight} with one number for each query head. */
    float[] perHead(int layer, String name) {
        Dimension heads = new Dimension("attention.head_count", shape.heads().query());
        return source.tensors()
                .vector(block(layer) + name + ".weight", heads)
                .toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    /** The matrices of a layer's convolution over {@code channels}: {@code NAME.weight [channels][taps]} and its bias, if there is one. */
    CausalConvolution convolution(int layer, String name, Dimension channels, int taps) {
        String full = block(layer) + name;
        return new CausalConvolution(
                (int) channels.size(),
                taps,
                source.tensors().transposed(full + ".weight", channels, new Dimension("convolution's kernel", taps)),
                source.tensors().has(full + ".bias") ? source.tensors().vector(full + ".bias", channels) : null);
    }

    /** Self-attention without norms on queries and keys; {@code rope} is null for a layer without positions. */
    Attention attention(int layer, @Nullable RopeTable rope, Scores scores) {
        return attention(layer, null, rope, scores);
    }

    /** Self-attention. */
    Attention attention(int layer, Attention.@Nullable Norms norms, @Nullable RopeTable rope, Scores scores) {
        return shape.attention(layer, shape.projections(source.tensors(), block(layer), layer), norms, rope, scores);
    }

    /** Norms that all heads share: {@code attn_q_norm.weight [keys]}, {@code attn_k_norm.weight [keys]}. */
    Attention.Norms headNorms(int layer) {
        return shape.headNorms(source.tensors(), block(layer));
    }

    /** Norms over all heads together: {@code attn_q_norm.weight [heads · keys]}, {@code attn_k_norm.weight [kvHeads · keys]}. */
    Attention.Norms wholeNorms(int layer) {
        return shape.wholeNorms(source.tensors(), block(layer), layer);
    }

    /** A layer norm for each head: {@code attn_q_norm.weight [heads][keys]}, {@code attn_k_norm.weight [kvHeads][keys]}. */
    Attention.Norms ownNorms(int layer) {
        return shape.ownNorms(source.tensors(), block(layer), layer, layerNormEpsilon());
    }

    /** {@code ffn_gate [f][n]}, {@code ffn_up [f][n]}, {@code ffn_down [n][f]}. */
    GatedMlp gated(int layer, GatedMlp.Activation activation) {
        return shape.mlp(source.tensors(), block(layer), layer, activation);
    }

    /** Gate above up in one tensor: {@code ffn_up [f + f][n]}, {@code ffn_down [n][f]}. */
    GatedMlp gatedInOne(int layer, GatedMlp.Activation activation) {
        Dimension n = shape.embeddingDimension();
        Dimension f = shape.feedForwardDimension(layer);
        List<Linear> gateUp = source.tensors().fused(block(layer) + "ffn_up", n, f, f);
        Linear down = source.tensors().linear(block(layer) + "ffn_down", n, f);
        return new GatedMlp(gateUp.get(0), gateUp.get(1), down, activation);
    }

    /** {@code ffn_up [f][n]}, {@code ffn_down [n][f]}. */
    PlainMlp plain(int layer, PlainMlp.Activation activation) {
        return shape.plainMlp(source.tensors(), block(layer), layer, activation);
    }

    /** {@code output.weight [vocabulary][n]} with its bias, else the embedding. */
    Linear output() {
        return shape.output(source.tensors(), embedding);
    }

    /** The layers made by {@code layer}, first to last. */
    List<DecoderLayer> layers(IntFunction<DecoderLayer> layer) {
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            layers.add(layer.apply(i));
        }
        return layers;
    }

    /** Plain embeddings, the given layers, and an RMS norm before the output. */
    Decoder decoder(List<RopeTable> ropes, IntFunction<DecoderLayer> layer) {
        return decoder(ropes, layer, new OutputHead(rmsNorm("output_norm"), output()));
    }

    /** Plain embeddings, the given layers and head. */
    Decoder decoder(List<RopeTable> ropes, IntFunction<DecoderLayer> layer, OutputHead head) {
        return new Decoder(shape, ropes, new InputEmbedding(embedding), layers(layer), head);
    }

    private static String block(int layer) {
        return "blk." + layer + ".";
    }
}
