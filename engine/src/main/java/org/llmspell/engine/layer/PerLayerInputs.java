package org.llmspell.engine.layer;

import org.llmspell.kernels.WeightMatrix;

/**
 * What each layer gets to know of a token besides the stream: for each layer {@code width} elements,
 * {@code (norm(projection · x / √n) + tokens[id] · √width) / √2}, x being the token's embedding in the stream (Gemma team 2025,
 * Gemma 3n).
 *
 * @param tokens {@code [vocabulary][layers · width]}
 * @param projection {@code [layers · width][n]}
 * @param norm of each layer's part, {@code [width]}
 * @param width elements of a layer's part
 */
public record PerLayerInputs(WeightMatrix tokens, Linear projection, RmsNorm norm, int width) {
    private static final float HALF_POWER = (float) Math.sqrt(0.5);

    /** Fills the pass's per-layer inputs from its stream, which holds the embeddings. */
    void apply(ForwardPass pass) {
        Rows inputs = pass.memory.perLayer;
        Rows own = pass.memory.perLayerTokens;
        int total = tokens.columns();
        float scale = (float) Math.sqrt(width);
        float projectionScale = (float) (1 / Math.sqrt(pass.memory.stream.columns()));
        projection.apply(pass, pass.memory.stream, inputs);
        pass.forRows(pass.rows(), 8L * total, (from, to) -> {
            for (int row = from; row < to; row++) {
                inputs.scale(row, projectionScale);
                for (int part = 0; part < total; part += width) {
                    long index = inputs.at(row) + part;
                    norm.normalize(pass.kernels, inputs.data(), index, inputs.data(), index, width);
                }
                long source = pass.batch.token(row) * tokens.rowBytes();
                pass.kernels.dequantize(tokens.format(), tokens.data(), source, own.data(), own.at(row), total);
                own.scale(row, scale);
                pass.kernels.add(inputs.data(), inputs.at(row), own.data(), own.at(row), total);
                inputs.scale(row, HALF_POWER);
            }
        });
    }
}
