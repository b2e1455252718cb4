/** What the interfaces share: which model is meant, how many may run, how a reply is made, what is counted. */
@NullMarked
package org.llmspell.server.api;

import org.jspecify.annotations.NullMarked;
