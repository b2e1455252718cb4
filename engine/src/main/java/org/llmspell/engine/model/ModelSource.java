package org.llmspell.engine.model;

/**
 * What an architecture builds a model from.
 *
 * @param parameters the metadata under the architecture's name
 * @param tensors the weights
 * @param vocabulary how many tokens the tokenizer has; embedding and output have one row for each
 * @param cachesBytes keys and values are cached as bytes
 */
public record ModelSource(Hyperparameters parameters, Tensors tensors, int vocabulary, boolean cachesBytes) {
    /** What a model that caches halves is built from. */
    public ModelSource(Hyperparameters parameters, Tensors tensors, int vocabulary) {
        this(parameters, tensors, vocabulary, false);
    }

    Dimension vocabularyDimension() {
        return new Dimension("vocabulary: number of tokenizer.ggml.tokens", vocabulary);
    }
}
