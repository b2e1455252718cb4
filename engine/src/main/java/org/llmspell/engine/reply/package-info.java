/** Reading replies: which part is answer, which is thinking, which calls a tool, in the format of each family of models. */
@NullMarked
package org.llmspell.engine.reply;

import org.jspecify.annotations.NullMarked;
