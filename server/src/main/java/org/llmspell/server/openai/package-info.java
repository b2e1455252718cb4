/** The OpenAI interface. */
@NullMarked
package org.llmspell.server.openai;

import org.jspecify.annotations.NullMarked;
