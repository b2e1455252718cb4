@NullMarked
package org.llmspell.engine.sampling;

import org.jspecify.annotations.NullMarked;
