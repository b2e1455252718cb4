@NullMarked
package org.llmspell.engine.template.text;

import org.jspecify.annotations.NullMarked;
