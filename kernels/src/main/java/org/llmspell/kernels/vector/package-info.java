/** The kernels on the Vector API, for every vector width that the JVM knows. Loaded only where its module is present. */
@NullMarked
package org.llmspell.kernels.vector;

import org.jspecify.annotations.NullMarked;
