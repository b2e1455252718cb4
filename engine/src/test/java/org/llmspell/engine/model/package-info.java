@NullMarked
package org.llmspell.engine.model;

import org.jspecify.annotations.NullMarked;
