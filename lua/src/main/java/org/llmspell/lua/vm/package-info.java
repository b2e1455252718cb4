@NullMarked
package org.llmspell.lua.vm;

import org.jspecify.annotations.NullMarked;
