package org.llmspell.kernels;

/** Chooses the kernels for this machine, once. */
public final class KernelProvider {
    private KernelProvider() {}

    /** The fastest kernels that work here. {@code -Dllmspell.kernels=scalar|vector} overrides the choice. */
    public static Kernels best() {
        throw new UnsupportedOperationException();
    }

    /** The scalar kernels, the definition of correct. */
    public static Kernels scalar() {
        throw new UnsupportedOperationException();
    }
}
