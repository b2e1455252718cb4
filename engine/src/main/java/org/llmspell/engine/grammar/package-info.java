@NullMarked
package org.llmspell.engine.grammar;

import org.jspecify.annotations.NullMarked;
