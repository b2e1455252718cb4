@NullMarked
package org.llmspell.local.candle;

import org.jspecify.annotations.NullMarked;
