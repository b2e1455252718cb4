@NullMarked
package org.llmspell.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
