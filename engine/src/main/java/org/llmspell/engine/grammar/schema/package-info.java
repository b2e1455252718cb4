@NullMarked
package org.llmspell.engine.grammar.schema;

import org.jspecify.annotations.NullMarked;
