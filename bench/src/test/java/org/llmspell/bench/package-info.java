@NullMarked
package org.llmspell.bench;

import org.jspecify.annotations.NullMarked;
