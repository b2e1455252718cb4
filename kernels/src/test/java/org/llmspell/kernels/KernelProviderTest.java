package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelProviderTest {
    @Test
    void vectorKernelsAreChosenWhereTheyWork() {
        assertThat(KernelProvider.choose(null, null, null)).isEqualTo(new KernelProvider.Choice(true, null, null));
        assertThat(KernelProvider.choose("", null, null).vector()).isTrue();
    }

    @Test
    void whereTheyCannotWorkOrWouldBeSlowTheWarningSaysWhy() {
        KernelProvider.Choice missing = KernelProvider.choose(null, "no module", "no compiler");
        assertThat(missing.vector()).isFalse();
        assertThat(missing.error()).isNull();
        assertThat(missing.warning())
                .contains("without SIMD")
                .contains("no module")
                .doesNotContain("\n");
        KernelProvider.Choice slow = KernelProvider.choose(null, null, "no compiler");
        assertThat(slow.vector()).isFalse();
        assertThat(slow.warning()).contains("no compiler");
    }

    @Test
    void thePropertyOverridesTheChoiceAndWarnsOfNothing() {
        assertThat(KernelProvider.choose("scalar", null, null)).isEqualTo(new KernelProvider.Choice(false, null, null));
        assertThat(KernelProvider.choose("vector", null, "slow"))
                .isEqualTo(new KernelProvider.Choice(true, null, null));
    }

    @Test
    void anUnknownOrImpossibleWishIsAnErrorThatSaysWhatThereIs() {
        assertThat(KernelProvider.choose("gpu", null, null).error())
                .isEqualTo("-Dllmspell.kernels=gpu names no kernels; use scalar or vector");
        assertThat(KernelProvider.choose("vector", "no module", null).error())
                .isEqualTo("-Dllmspell.kernels=vector cannot be had: no module");
    }

    @Test
    void theSameKernelsAreGivenEveryTime() {
        assertThat(KernelProvider.best()).isSameAs(KernelProvider.best());
        assertThat(KernelProvider.scalar()).isSameAs(KernelProvider.scalar());
        assertThat(KernelProvider.scalar().name()).isEqualTo("scalar");
    }

    @Test
    void aJvmWithTheVectorModuleUsesIt() throws Exception {
        assertThat(run("--add-modules=jdk.incubator.vector")).containsPattern("chosen: vector \\((128|256|512)-bit\\)");
    }

    @Test
    void aJvmWithoutTheVectorModuleComputesWithScalarsAndSaysWhy() throws Exception {
        assertThat(run()).contains("chosen: scalar").contains("--add-modules jdk.incubator.vector");
    }

    @Test
    void aJvmWithoutTheOptimizingCompilerComputesWithScalarsAndSaysWhy() throws Exception {
        assertThat(run("--add-modules=jdk.incubator.vector", "-XX:TieredStopAtLevel=1"))
                .contains("chosen: scalar")
                .contains("C2 is off");
        assertThat(run("--add-modules=jdk.incubator.vector", "-Xint"))
                .contains("chosen: scalar")
                .contains("-Xint");
    }

    @Test
    void aJvmAskedForUnknownKernelsIsToldEveryTime() throws Exception {
        assertThat(run("--add-modules=jdk.incubator.vector", "-Dllmspell.kernels=fast"))
                .contains("first: -Dllmspell.kernels=fast names no kernels; use scalar or vector")
                .contains("again: -Dllmspell.kernels=fast names no kernels; use scalar or vector");
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
