/** Makes a model file smaller: which tensor goes to which block format, and the conversion. Knows no running model. */
@NullMarked
package org.llmspell.engine.quantize;

import org.jspecify.annotations.NullMarked;
