package org.llmspell.kernels;

import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.scalar.ScalarKernels;
import org.llmspell.kernels.vector.VectorKernels;

/**
 * Chooses the kernels for this machine, once. Where vector kernels cannot work, or would be slower than plain Java, the scalar
 * ones are taken and a warning says why.
 */
public final class KernelProvider {
    /** The system property that names the kernels to use, {@code scalar} or {@code vector}, whatever would be chosen. */
    public static final String PROPERTY = "llmspell.kernels";

    private static final String MODULE = "jdk.incubator.vector";
    private static final Kernels SCALAR = new ScalarKernels();

    private KernelProvider() {}

    /** Made when it is first asked for. */
    private static final class Best {
        static final Choice CHOICE = choose(System.getProperty(PROPERTY), impossible(), unwise());
    }

    /**
     * What to use.
     *
     * @param error why there is nothing to use, or null
     * @param warning why it is not the fastest, or null
     */
    record Choice(
            boolean vector,
            @Nullable String error,
            @Nullable String warning) {
        // The only place that names a vector class: without its module this is never reached.
        private Kernels kernels() {
            return vector ? Holder.VECTOR : SCALAR;
        }
    }

    private static final class Holder {
        static final Kernels VECTOR = new VectorKernels(SCALAR);
    }

    /**
     * The fastest kernels that work here. {@code -Dllmspell.kernels=scalar|vector} overrides the choice.
     *
     * @throws IllegalStateException if that property names no kernels, or vector kernels where there can be none
     */
    public static Kernels best() {
        Choice choice = Best.CHOICE;
        if (choice.error() != null) {
            throw new IllegalStateException(choice.error());
        }
        return choice.kernels();
    }

    /** The scalar kernels, the definition of correct. */
    public static Kernels scalar() {
        return SCALAR;
    }

    /**
     * The choice, given the circumstances.
     *
     * @param wish the property's value, or null
     * @param impossible why vector kernels cannot run, or null
     * @param unwise why they would be slow, or null
     */
    static Choice choose(@Nullable String wish, @Nullable String impossible, @Nullable String unwise) {
        if (wish == null || wish.isBlank()) {
            String reason = impossible != null ? impossible : unwise;
            if (reason != null) {
                String warning = "computing without SIMD, which is many times slower: " + reason;
                System.getLogger(KernelProvider.class.getName()).log(System.Logger.Level.WARNING, warning);
                return new Choice(false, null, warning);
            }
            return new Choice(true, null, null);
        }
        return switch (wish) {
            case "scalar" -> new Choice(false, null, null);
            case "vector" ->
                impossible == null
                        ? new Choice(true, null, null)
                        : new Choice(false, "-D" + PROPERTY + "=vector cannot be had: " + impossible, null);
            default ->
                new Choice(false, "-D%s=%s names no kernels; use scalar or vector".formatted(PROPERTY, wish), null);
        };
    }

    private static @Nullable String impossible() {
        if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
            return "the module " + MODULE + " is missing; start Java with --add-modules " + MODULE;
        }
        return VectorKernels.supported() ? null : "this processor has no vectors of 128 bits that Java knows";
    }

    /** Only the optimizing compiler turns vector operations into instructions; anything else makes objects of them. */
    private static @Nullable String unwise() {
        String mode = System.getProperty("java.vm.info", "");
        if (mode.contains("interpreted mode")) {
            return "the virtual machine interprets (-Xint)";
        }
        if (mode.contains("emulated-client")
                || System.getProperty("java.vm.name", "").contains("Client VM")) {
            return "the optimizing compiler C2 is off (-XX:TieredStopAtLevel)";
        }
        return null;
    }
}
