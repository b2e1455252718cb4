/** The Ollama interface. */
@NullMarked
package org.llmspell.server.ollama;

import org.jspecify.annotations.NullMarked;
