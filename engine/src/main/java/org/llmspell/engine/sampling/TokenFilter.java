package org.llmspell.engine.sampling;

/** Which tokens may come next in one sequence. Asked by the {@link Sampler}; not thread-safe. */
public interface TokenFilter {
    /** Whether {@code token} may come next. */
    boolean allows(int token);

    /**
     * Sets the logits of all tokens that may not come next to negative infinity.
     *
     * @param logits one per token id
     * @return whether any token may
     */
    boolean mask(float[] logits);
}
