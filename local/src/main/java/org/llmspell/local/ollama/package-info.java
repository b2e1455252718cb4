@NullMarked
package org.llmspell.local.ollama;

import org.jspecify.annotations.NullMarked;
