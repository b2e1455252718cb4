/** Models on servers of the OpenAI interface, such as vLLM, SGLang, llama-server and TGI. */
@NullMarked
package org.llmspell.local.openai;

import org.jspecify.annotations.NullMarked;
