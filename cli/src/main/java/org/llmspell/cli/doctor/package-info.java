@NullMarked
package org.llmspell.cli.doctor;

import org.jspecify.annotations.NullMarked;
