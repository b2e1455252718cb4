@NullMarked
package org.llmspell.engine.template.jinja;

import org.jspecify.annotations.NullMarked;
