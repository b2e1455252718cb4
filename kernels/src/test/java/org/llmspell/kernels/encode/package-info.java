@NullMarked
package org.llmspell.kernels.encode;

import org.jspecify.annotations.NullMarked;
