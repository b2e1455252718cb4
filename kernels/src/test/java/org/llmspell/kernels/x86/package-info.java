@NullMarked
package org.llmspell.kernels.x86;

import org.jspecify.annotations.NullMarked;
