@NullMarked
package org.llmspell.bench.kernels;

import org.jspecify.annotations.NullMarked;
