@NullMarked
package org.llmspell.lua;

import org.jspecify.annotations.NullMarked;
