package org.llmspell.engine.layer;

/**
 * What a row of the stream leaves as: logits {@code output · norm(x) · scale}, then {@code cap · tanh(logits / cap)}.
 *
 * @param output {@code [vocabulary][embedding]}, often the input embedding itself
 * @param scale multiplies the logits
 * @param cap bounds the logits, or 0
 */
public record OutputHead(Norm norm, Linear output, float scale, float cap) {
    /** Logits as they are. */
    public OutputHead(Norm norm, Linear output) {
        this(norm, output, 1, 0);
    }

    /** Computes the wanted logits of the pass. */
    public void apply(ForwardPass pass) {
        pass.logits(norm, output, scale, cap);
    }
}
