@NullMarked
package org.llmspell.local;

import org.jspecify.annotations.NullMarked;
