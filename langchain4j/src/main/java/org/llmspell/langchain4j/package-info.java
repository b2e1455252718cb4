/** LangChain4j's interfaces over local models. */
@NullMarked
package org.llmspell.langchain4j;

import org.jspecify.annotations.NullMarked;
