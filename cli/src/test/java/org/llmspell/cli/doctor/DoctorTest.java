package org.llmspell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DoctorTest {
    @Test
    void withoutTheVectorApiItSaysHowToHaveIt() {
        Check check = Doctor.java(false);

        assertThat(check.status()).isEqualTo(Check.Status.WARN);
        assertThat(check.finding()).contains("without the Vector API");
        assertThat(check.solutions().getFirst()).contains("llmspell launcher", "--add-modules=jdk.incubator.vector");
    }
}
