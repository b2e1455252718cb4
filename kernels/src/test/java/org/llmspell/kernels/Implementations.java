package org.llmspell.kernels;

import java.util.stream.Stream;

/** The kernels that every test of behaviour runs against. */
final class Implementations {
    private Implementations() {}

    static Stream<Kernels> all() {
        return Stream.of(KernelProvider.scalar(), KernelProvider.best()).distinct();
    }
}
