/** Kernels in machine code for x86-64, assembled when the program starts: no native file, no compiler, full speed at once. */
@NullMarked
package org.llmspell.kernels.x86;

import org.jspecify.annotations.NullMarked;
