@NullMarked
package org.llmspell.cli.console;

import org.jspecify.annotations.NullMarked;
