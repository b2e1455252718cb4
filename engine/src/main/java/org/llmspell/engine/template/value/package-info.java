@NullMarked
package org.llmspell.engine.template.value;

import org.jspecify.annotations.NullMarked;
