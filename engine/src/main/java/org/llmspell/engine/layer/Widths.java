package org.llmspell.engine.layer;

/**
 * How wide a model's activations are, in elements per token.
 *
 * @param embedding of the residual stream
 * @param branch of the second branch of parallel layers: the embedding's, or 0 without such layers
 * @param query of all query heads together
 * @param key of all key heads together, the widest layer's
 * @param value of all value heads together, the widest layer's
 * @param attended of the attention's result, before its output product
 * @param storedHalves halves per cached element, which queries and results are widened by
 * @param feedForward of the widest feed-forward layer or shared expert; 0 if there are routed experts only
 * @param experts how many experts there are; 0 without a mixture
 * @param expertsUsed how many of them each token uses
 * @param expertFeedForward of one expert
 * @param ropeTables how many rotary tables
 * @param rotary dimensions of a head that are rotated
 * @param vocabulary logits
 * @param recurrent of recurrent layers, and of attention with gates
 */
public record Widths(
        int embedding,
        int branch,
        int query,
        int key,
        int value,
        int attended,
        int storedHalves,
        int feedForward,
        int experts,
        int expertsUsed,
        int expertFeedForward,
        int ropeTables,
        int rotary,
        int vocabulary,
        Recurrent recurrent) {

    /**
     * What a recurrent layer works on, or attention with gates.
     *
     * @param mixed of what goes through the convolution
     * @param gate of what gates the input or the result
     * @param out of the result, before its output product
     * @param rates of the numbers per head
     */
    public record Recurrent(int mixed, int gate, int out, int rates) {
        /** Of a layer that is not recurrent. */
        public static final Recurrent NONE = new Recurrent(0, 0, 0, 0);

        /** What serves both. */
        public Recurrent or(Recurrent other) {
            return new Recurrent(
                    Math.max(mixed, other.mixed),
                    Math.max(gate, other.gate),
                    Math.max(out, other.out),
                    Math.max(rates, other.rates));
        }
    }

    /** Bytes of the activations for passes of {@code rows} tokens, {@code logitRows} of them with logits. */
    public long bytes(int rows, int logitRows) {
        long perRow = 2L * embedding
                + branch
                + (long) query * (1 + storedHalves)
                + key
                + value
                + (long) attended * (1 + storedHalves)
                + 2L * feedForward
                + (experts == 0 ? 0 : 2L * experts + 1 + embedding)
                + (long) expertsUsed * (2L * embedding + 2L * expertFeedForward)
                + (long) ropeTables * rotary
                + recurrent.mixed
                + recurrent.gate
                + recurrent.out
                + recurrent.rates;
        return (perRow * rows + (long) logitRows * (vocabulary + embedding)) * Float.BYTES;
    }
}
