@NullMarked
package org.llmspell.local.store;

import org.jspecify.annotations.NullMarked;
