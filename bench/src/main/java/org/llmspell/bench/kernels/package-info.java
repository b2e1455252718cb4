/** Single kernels under JMH: what {@code bench/kernels} runs. Classes are public because the harness writes code that uses them. */
@NullMarked
package org.llmspell.bench.kernels;

import org.jspecify.annotations.NullMarked;
