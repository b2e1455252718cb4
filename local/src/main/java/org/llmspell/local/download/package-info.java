@NullMarked
package org.llmspell.local.download;

import org.jspecify.annotations.NullMarked;
