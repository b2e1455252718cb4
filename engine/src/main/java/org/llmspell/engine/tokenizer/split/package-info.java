/**
 * Pre-tokenizers: how a byte-level BPE vocabulary cuts text into pieces before merging. {@link
 * org.llmspell.engine.tokenizer.split.PreTokenizers} is the table of names, everything else serves it.
 */
@NullMarked
package org.llmspell.engine.tokenizer.split;

import org.jspecify.annotations.NullMarked;
