/** The Anthropic interface. */
@NullMarked
package org.llmspell.server.anthropic;

import org.jspecify.annotations.NullMarked;
