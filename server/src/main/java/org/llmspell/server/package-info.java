/** HTTP: the Ollama, OpenAI and Anthropic interfaces over local models. Knows no command line. */
@NullMarked
package org.llmspell.server;

import org.jspecify.annotations.NullMarked;
