@NullMarked
package org.llmspell.engine.layer;

import org.jspecify.annotations.NullMarked;
