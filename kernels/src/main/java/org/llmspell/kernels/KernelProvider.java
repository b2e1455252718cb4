package org.llmspell.kernels;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.kernels.scalar.ScalarKernels;
import org.llmspell.kernels.vector.VectorKernels;
import org.llmspell.kernels.x86.Avx2Kernels;
import org.llmspell.kernels.x86.X86Kernels;

/**
 * Chooses the kernels for this machine, once: assembled code where the processor has the instructions, over vector kernels for what
 * it leaves to others. Where vector kernels are wanted but cannot work, or would be slower than plain Java, the scalar ones are taken
 * and a warning says why.
 */
public final class KernelProvider {
    /**
     * The environment variable that names the kernels to use, whatever would be chosen: {@code scalar}, {@code vector}, {@code avx2},
     * {@code avx512}, {@code amx}.
     */
    public static final String VARIABLE = "LLMSPELL_KERNELS";

    /** The system property of the same meaning, which comes first. */
    public static final String PROPERTY = "llmspell.kernels";

    private static final System.Logger LOG = System.getLogger(KernelProvider.class.getName());
    private static final String MODULE = "jdk.incubator.vector";
    private static final Kernels SCALAR = new ScalarKernels();

    private KernelProvider() {}

    /** Made when it is first asked for. */
    private static final class Best {
        static final Choice CHOICE = choose(wish(), impossible(), unwise(), KernelProvider::unassembled);
    }

    /** Assembled kernels or why there are none. */
    private record Assembled(
            @Nullable Kernels kernels, @Nullable String unavailable) {
        private interface Maker {
            Kernels make() throws X86Kernels.Unavailable;
        }

        static Assembled by(Maker maker) {
            try {
                return new Assembled(maker.make(), null);
            } catch (X86Kernels.Unavailable e) {
                System.Logger.Level level = e.faulty() ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG;
                LOG.log(level, "kernels left out: {0}", e.getMessage());
                return new Assembled(null, String.valueOf(e.getMessage()));
            }
        }

        /** What computes where there is no assembled code that matters. */
        private static Kernels others() {
            return impossible() == null && unwise() == null ? Holder.VECTOR : SCALAR;
        }
    }

    private static final class Avx2 {
        static final Assembled ASSEMBLED =
                Assembled.by(() -> Avx2Kernels.assemble(Level.AVX2.complete ? SCALAR : Assembled.others()));
    }

    private static final class Avx512 {
        static final Assembled ASSEMBLED = Assembled.by(() -> X86Kernels.assemble(SCALAR));
    }

    private static final class Amx {
        static final Assembled ASSEMBLED = Assembled.by(() -> X86Kernels.assembleTiled(SCALAR, SCALAR));
    }

    /** The kernels there are, the fastest last. */
    enum Level {
        SCALAR(false),
        VECTOR(true),
        AVX2(Avx2Kernels.COMPLETE),
        AVX512(X86Kernels.COMPLETE),
        AMX(X86Kernels.COMPLETE);

        /** Whether nothing that takes time is left to other kernels. */
        private final boolean complete;

        Level(boolean complete) {
            this.complete = complete;
        }
    }

    /**
     * What to use.
     *
     * @param error why there is nothing to use, or null
     * @param warning why it is not the fastest, or null
     */
    record Choice(
            Level level, @Nullable String error, @Nullable String warning) {
        private Kernels kernels() {
            Kernels assembled = switch (level) {
                case AMX -> Amx.ASSEMBLED.kernels;
                case AVX512 -> Avx512.ASSEMBLED.kernels;
                case AVX2 -> Avx2.ASSEMBLED.kernels;
                case VECTOR, SCALAR -> null;
            };
            return assembled != null ? assembled : level == Level.SCALAR ? SCALAR : Holder.VECTOR;
        }
    }

    /** Only here a vector class is named: without its module this is never reached. */
    private static final class Holder {
        static final Kernels VECTOR = new VectorKernels(SCALAR);
    }

    /**
     * The fastest kernels that work here, or those that {@link #PROPERTY} or {@link #VARIABLE} names.
     *
     * @throws IllegalStateException if that names no kernels, or some that cannot run here
     */
    public static Kernels best() {
        Choice choice = Best.CHOICE;
        if (choice.error() != null) {
            throw new IllegalStateException(choice.error());
        }
        return choice.kernels();
    }

    /** Why computing is slower here than it need be, or null; asks for the choice as {@link #best} does. */
    public static @Nullable String warning() {
        return Best.CHOICE.warning();
    }

    /** The scalar kernels, the definition of correct. */
    public static Kernels scalar() {
        return SCALAR;
    }

    /** The portable kernels: vector ones, or scalar ones where there can be none. They compute in float32 throughout. */
    public static Kernels portable() {
        return impossible() == null ? Holder.VECTOR : SCALAR;
    }

    /**
     * The choice, given the circumstances.
     *
     * @param wish the name of the kernels to use, or null
     * @param impossible why vector kernels cannot run, or null
     * @param unwise why they would be slow, or null
     * @param unassembled tells why there are no assembled kernels of a level, or null; asked from the fastest on
     */
    static Choice choose(
            @Nullable String wish, @Nullable String impossible, @Nullable String unwise, Unassembled unassembled) {
        if (wish == null || wish.isBlank()) {
            String reason = impossible != null ? impossible : unwise;
            Level assembled = null;
            for (Level level : List.of(Level.AMX, Level.AVX512, Level.AVX2)) {
                if (unassembled.why(level) == null) {
                    assembled = level;
                    break;
                }
            }
            String warning = null;
            if (reason != null && (assembled == null || !assembled.complete)) {
                warning = assembled != null
                        ? "computing in part without SIMD, which is slower: " + reason
                        : "computing without SIMD, which is many times slower: %s; no machine code: %s"
                                .formatted(reason, unassembled.why(Level.AVX2));
                LOG.log(System.Logger.Level.WARNING, warning);
            }
            if (assembled != null) {
                return new Choice(assembled, null, warning);
            }
            return new Choice(reason == null ? Level.VECTOR : Level.SCALAR, null, warning);
        }
        return switch (wish) {
            case "scalar" -> new Choice(Level.SCALAR, null, null);
            case "vector" -> wished(Level.VECTOR, wish, impossible);
            case "avx2" -> wished(Level.AVX2, wish, unassembled.why(Level.AVX2));
            case "avx512" -> wished(Level.AVX512, wish, unassembled.why(Level.AVX512));
            case "amx" -> wished(Level.AMX, wish, unassembled.why(Level.AMX));
            default ->
                new Choice(
                        Level.SCALAR,
                        "%s=%s names no kernels; use scalar, vector, avx2, avx512 or amx".formatted(VARIABLE, wish),
                        null);
        };
    }

    /** Tells why there are no assembled kernels of a level, or null. */
    @FunctionalInterface
    interface Unassembled {
        @Nullable
        String why(Level level);
    }

    private static @Nullable String unassembled(Level level) {
        Assembled assembled = switch (level) {
            case AMX -> Amx.ASSEMBLED;
            case AVX512 -> Avx512.ASSEMBLED;
            case AVX2 -> Avx2.ASSEMBLED;
            case VECTOR, SCALAR -> throw new IllegalArgumentException(level + " is not assembled");
        };
        return assembled.unavailable;
    }

    private static Choice wished(Level level, String wish, @Nullable String unavailable) {
        return unavailable == null
                ? new Choice(level, null, null)
                : new Choice(Level.SCALAR, "%s=%s cannot be had: %s".formatted(VARIABLE, wish, unavailable), null);
    }

    private static @Nullable String wish() {
        String property = System.getProperty(PROPERTY);
        return property == null || property.isBlank() ? System.getenv(VARIABLE) : property;
    }

    private static @Nullable String impossible() {
        if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
            return "the module %s is missing; start Java with --add-modules %s, or llmspell with %s=vector"
                    .formatted(MODULE, MODULE, VARIABLE);
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
