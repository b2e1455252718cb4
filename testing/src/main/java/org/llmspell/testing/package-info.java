@NullMarked
package org.llmspell.testing;

import org.jspecify.annotations.NullMarked;
