@NullMarked
package org.llmspell.kernels;

import org.jspecify.annotations.NullMarked;
