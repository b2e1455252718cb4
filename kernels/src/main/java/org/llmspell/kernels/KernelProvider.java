package org.llmspell.kernels;

import org.llmspell.kernels.scalar.ScalarKernels;

/** Chooses the kernels for this machine, once. */
public final class KernelProvider {
    private static final Kernels SCALAR = new ScalarKernels();

    private KernelProvider() {}

    /** The fastest kernels that work here. {@code -Dllmspell.kernels=scalar|vector} overrides the choice. */
    public static Kernels best() {
        return SCALAR;
    }

    /** The scalar kernels, the definition of correct. */
    public static Kernels scalar() {
        return SCALAR;
    }
}
