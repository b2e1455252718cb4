@NullMarked
package org.llmspell.engine;

import org.jspecify.annotations.NullMarked;
