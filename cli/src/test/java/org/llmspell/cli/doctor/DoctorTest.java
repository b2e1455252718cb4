package org.llmspell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DoctorTest {
    @Test
    void withoutTheVectorApiItSaysNothingWhereNothingNeedsIt() {
        assertThat(Doctor.java(false, null).status()).isEqualTo(Check.Status.OK);
        assertThat(Doctor.java(true, null).finding()).contains("Vector API on");
    }

    @Test
    void withoutTheVectorApiItSaysHowToHaveItWhereThatIsSlow() {
        Check check = Doctor.java(false, "computing without SIMD");

        assertThat(check.status()).isEqualTo(Check.Status.WARN);
        assertThat(check.finding()).contains("without the Vector API: computing without SIMD");
        assertThat(check.solutions().getFirst()).contains("LLMSPELL_KERNELS=vector");
        assertThat(check.solutions().getFirst()).contains("llmspell launcher", "--add-modules=jdk.incubator.vector");
    }
}
