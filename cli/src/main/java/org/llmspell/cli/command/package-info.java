@NullMarked
package org.llmspell.cli.command;

import org.jspecify.annotations.NullMarked;
