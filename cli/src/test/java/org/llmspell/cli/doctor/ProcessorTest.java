package org.llmspell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessorTest {
    @Test
    void namesTheTellingFeaturesOfAnX86() {
        assertThat(Processor.features("""
                processor\t: 0
                flags\t\t: fpu sse sse2 avx f16c avx2 fma avx512f avx512_vnni hypervisor
                processor\t: 1
                flags\t\t: fpu
                """)).containsExactly("avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni");
    }

    @Test
    void namesTheTellingFeaturesOfAnArm() {
        assertThat(Processor.features("Features\t: fp asimd aes asimddp i8mm\n"))
                .containsExactly("asimd", "asimddp", "i8mm");
    }

    @Test
    void saysNothingWhereTheFileSaysNothing() {
        assertThat(Processor.features("")).isEmpty();
    }

    @Test
    void describesThisMachine() {
        assertThat(Processor.describe())
                .startsWith(System.getProperty("os.arch") + ", "
                        + Runtime.getRuntime().availableProcessors() + " core");
    }
}
