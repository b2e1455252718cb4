@NullMarked
package org.llmspell.engine.template;

import org.jspecify.annotations.NullMarked;
