@NullMarked
package org.llmspell.cli;

import org.jspecify.annotations.NullMarked;
