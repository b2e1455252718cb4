@NullMarked
package org.llmspell.local.openai;

import org.jspecify.annotations.NullMarked;
