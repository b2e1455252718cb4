@NullMarked
package org.llmspell.local.net;

import org.jspecify.annotations.NullMarked;
