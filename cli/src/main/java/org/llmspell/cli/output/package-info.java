@NullMarked
package org.llmspell.cli.output;

import org.jspecify.annotations.NullMarked;
