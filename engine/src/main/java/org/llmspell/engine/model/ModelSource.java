package org.llmspell.engine.model;

/**
 * What an architecture builds a model from.
 *
 * @param parameters the metadata under the architecture's name
 * @param tensors the weights
 * @param vocabulary how many tokens the tokenizer has; embedding and output have one row for each
 */
public record ModelSource(Hyperparameters parameters, Tensors tensors, int vocabulary) {
    Dimension vocabularyDimension() {
        return new Dimension("vocabulary: number of tokenizer.ggml.tokens", vocabulary);
    }
}
