@NullMarked
package org.llmspell.local.config;

import org.jspecify.annotations.NullMarked;
