package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.llmspell.kernels.KernelProvider.Choice;
import org.llmspell.kernels.KernelProvider.Level;
import org.llmspell.kernels.KernelProvider.Unassembled;
import org.llmspell.kernels.x86.Avx2Kernels;

class KernelProviderTest {
    private static final Unassembled EVERYTHING = level -> null;
    private static final Unassembled NOTHING = level -> "other processor";
    private static final Unassembled NO_AMX = level -> level == Level.AMX ? "the processor has no tiles" : null;
    private static final Unassembled ONLY_AVX2 = level -> level == Level.AVX2 ? null : "the processor has no AVX-512";

    @Test
    void theFastestKernelsThatWorkAreChosen() {
        assertThat(KernelProvider.choose(null, null, null, EVERYTHING)).isEqualTo(new Choice(Level.AMX, null, null));
        assertThat(KernelProvider.choose("", null, null, EVERYTHING).level()).isEqualTo(Level.AMX);
        assertThat(KernelProvider.choose(null, null, null, NO_AMX)).isEqualTo(new Choice(Level.AVX512, null, null));
        assertThat(KernelProvider.choose(null, null, null, ONLY_AVX2)).isEqualTo(new Choice(Level.AVX2, null, null));
        assertThat(KernelProvider.choose(null, null, null, NOTHING)).isEqualTo(new Choice(Level.VECTOR, null, null));
    }

    @Test
    void whereVectorsCannotWorkOrWouldBeSlowTheWarningSaysWhy() {
        Choice missing = KernelProvider.choose(null, "no module", "no compiler", NOTHING);
        assertThat(missing.level()).isEqualTo(Level.SCALAR);
        assertThat(missing.error()).isNull();
        assertThat(missing.warning())
                .contains("computing without SIMD")
                .contains("no module")
                .doesNotContain("\n");
        assertThat(missing.warning()).contains("no machine code: other processor");
    }

    @Test
    void kernelsThatLeaveNothingToVectorsDoNotMissThem() {
        assertThat(KernelProvider.choose(null, "no module", "no compiler", NO_AMX))
                .isEqualTo(new Choice(Level.AVX512, null, null));
        assertThat(KernelProvider.choose(null, "no module", null, EVERYTHING))
                .isEqualTo(new Choice(Level.AMX, null, null));
        Choice avx2 = KernelProvider.choose(null, "no module", null, ONLY_AVX2);
        assertThat(avx2.level()).isEqualTo(Level.AVX2);
        if (Avx2Kernels.COMPLETE) {
            assertThat(avx2.warning()).isNull();
        } else {
            assertThat(avx2.warning()).contains("in part without SIMD").contains("no module");
        }
    }

    @Test
    void aWishOverridesTheChoiceAndWarnsOfNothing() {
        assertThat(KernelProvider.choose("scalar", null, null, EVERYTHING))
                .isEqualTo(new Choice(Level.SCALAR, null, null));
        assertThat(KernelProvider.choose("vector", null, "slow", EVERYTHING))
                .isEqualTo(new Choice(Level.VECTOR, null, null));
        assertThat(KernelProvider.choose("avx2", "no module", null, EVERYTHING))
                .isEqualTo(new Choice(Level.AVX2, null, null));
        assertThat(KernelProvider.choose("avx512", "no module", null, EVERYTHING))
                .isEqualTo(new Choice(Level.AVX512, null, null));
        assertThat(KernelProvider.choose("amx", "no module", null, EVERYTHING))
                .isEqualTo(new Choice(Level.AMX, null, null));
    }

    @Test
    void anUnknownOrImpossibleWishIsAnErrorThatSaysWhatThereIs() {
        assertThat(KernelProvider.choose("gpu", null, null, EVERYTHING).error())
                .isEqualTo("LLMSPELL_KERNELS=gpu names no kernels; use scalar, vector, avx2, avx512 or amx");
        assertThat(KernelProvider.choose("vector", "no module", null, EVERYTHING)
                        .error())
                .isEqualTo("LLMSPELL_KERNELS=vector cannot be had: no module");
        assertThat(KernelProvider.choose("avx2", null, null, NOTHING).error())
                .isEqualTo("LLMSPELL_KERNELS=avx2 cannot be had: other processor");
        assertThat(KernelProvider.choose("avx512", null, null, NOTHING).error())
                .isEqualTo("LLMSPELL_KERNELS=avx512 cannot be had: other processor");
        assertThat(KernelProvider.choose("amx", null, null, NO_AMX).error())
                .isEqualTo("LLMSPELL_KERNELS=amx cannot be had: the processor has no tiles");
    }

    @Test
    void theSameKernelsAreGivenEveryTime() {
        assertThat(KernelProvider.best()).isSameAs(KernelProvider.best());
        assertThat(KernelProvider.scalar()).isSameAs(KernelProvider.scalar());
        assertThat(KernelProvider.scalar().name()).isEqualTo("scalar");
    }

    @Test
    void aJvmWithTheVectorModuleUsesIt() throws Exception {
        assertThat(run("--add-modules=jdk.incubator.vector", "-Dllmspell.kernels=vector"))
                .containsPattern("chosen: vector \\((128|256|512)-bit\\)");
    }

    @Test
    void aJvmAskedForAvx2TakesItOrSaysWhyItCannot() throws Exception {
        assertThat(run("--add-modules=jdk.incubator.vector", "-Dllmspell.kernels=avx2"))
                .containsPattern(
                        "chosen: avx2 \\(.*\\)|LLMSPELL_KERNELS=avx2 cannot be had: (the processor|.*executable)");
    }

    @Test
    void aJvmWithoutTheVectorModuleDoesWithoutItOrSaysWhyItIsSlow() throws Exception {
        assertSlowOrComplete(run(), "--add-modules jdk.incubator.vector");
    }

    @Test
    void aJvmWithoutTheOptimizingCompilerDoesWithoutItOrSaysWhyItIsSlow() throws Exception {
        assertSlowOrComplete(run("--add-modules=jdk.incubator.vector", "-XX:TieredStopAtLevel=1"), "C2 is off");
        assertSlowOrComplete(run("--add-modules=jdk.incubator.vector", "-Xint"), "-Xint");
    }

    /** Scalars compute, wholly or in part, which {@code reason} explains; or kernels that need no vectors, and nobody complains. */
    private static void assertSlowOrComplete(String output, String reason) {
        if (Pattern.compile("chosen: (avx512|amx|avx2 \\((?!.*else scalar))")
                .matcher(output)
                .find()) {
            assertThat(output).doesNotContain("SIMD").doesNotContain(reason);
        } else {
            assertThat(output)
                    .containsPattern("chosen: (scalar|avx2 .*else scalar)")
                    .contains("SIMD")
                    .contains(reason);
        }
    }

    @Test
    void aJvmAskedForUnknownKernelsIsToldEveryTime() throws Exception {
        assertThat(run("--add-modules=jdk.incubator.vector", "-Dllmspell.kernels=fast"))
                .contains("first: LLMSPELL_KERNELS=fast names no kernels; use scalar, vector, avx2, avx512 or amx")
                .contains("again: LLMSPELL_KERNELS=fast names no kernels; use scalar, vector, avx2, avx512 or amx");
    }

    /** What a fresh JVM with {@code flags} prints when it chooses its kernels and computes with them. */
    static String run(String... flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                KernelProviderProbe.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
