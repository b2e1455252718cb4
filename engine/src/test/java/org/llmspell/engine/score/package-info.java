@NullMarked
package org.llmspell.engine.score;

import org.jspecify.annotations.NullMarked;
