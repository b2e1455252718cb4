@NullMarked
package org.llmspell.engine.reply;

import org.jspecify.annotations.NullMarked;
