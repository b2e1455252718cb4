/** The page at {@code /}: a chat in the browser, and what the server is doing. */
@NullMarked
package org.llmspell.server.web;

import org.jspecify.annotations.NullMarked;
