/** Benchmarks of this engine side by side with others. Nothing depends on it. */
@NullMarked
package org.llmspell.bench;

import org.jspecify.annotations.NullMarked;
