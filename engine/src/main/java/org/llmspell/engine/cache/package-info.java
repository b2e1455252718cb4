@NullMarked
package org.llmspell.engine.cache;

import org.jspecify.annotations.NullMarked;
