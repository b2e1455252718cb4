/** Block formats: how each stores its elements, and the registry of those that can be read. */
@NullMarked
package org.llmspell.kernels.format;

import org.jspecify.annotations.NullMarked;
