/** How fast a model computes: what is timed, and timing it. */
@NullMarked
package org.llmspell.engine.speed;

import org.jspecify.annotations.NullMarked;
