/** From float32 values to the blocks of a format: the inverse of {@link org.llmspell.kernels.format}, as good as it gets. */
@NullMarked
package org.llmspell.kernels.encode;

import org.jspecify.annotations.NullMarked;
