@NullMarked
package org.llmspell.engine.quantize;

import org.jspecify.annotations.NullMarked;
