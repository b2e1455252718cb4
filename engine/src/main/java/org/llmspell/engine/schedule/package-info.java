@NullMarked
package org.llmspell.engine.schedule;

import org.jspecify.annotations.NullMarked;
