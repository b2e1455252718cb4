/** One HTTP request and its reply on a virtual thread, with the checks that come before any route. */
@NullMarked
package org.llmspell.server.http;

import org.jspecify.annotations.NullMarked;
