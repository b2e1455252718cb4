/** The kernels in plain Java: the definition of correct. */
@NullMarked
package org.llmspell.kernels.scalar;

import org.jspecify.annotations.NullMarked;
