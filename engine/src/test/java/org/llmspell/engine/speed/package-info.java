@NullMarked
package org.llmspell.engine.speed;

import org.jspecify.annotations.NullMarked;
