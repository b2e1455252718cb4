@NullMarked
package org.llmspell.lua.globals;

import org.jspecify.annotations.NullMarked;
