@NullMarked
package org.llmspell.local.json;

import org.jspecify.annotations.NullMarked;
