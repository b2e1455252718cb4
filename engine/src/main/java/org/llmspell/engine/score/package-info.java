/** How well a model predicts a given text: log-probabilities of its tokens, and the perplexity that follows from them. */
@NullMarked
package org.llmspell.engine.score;

import org.jspecify.annotations.NullMarked;
