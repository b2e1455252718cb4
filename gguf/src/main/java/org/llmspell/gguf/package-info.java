@NullMarked
package org.llmspell.gguf;

import org.jspecify.annotations.NullMarked;
