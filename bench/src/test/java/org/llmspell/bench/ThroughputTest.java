package org.llmspell.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What {@code bench/throughput} refuses before it starts anything. */
class ThroughputTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"--prompt=7", "--reply=0", "--rounds=0", "--clients=1,0", "--history=-1"})
    void numbersOutOfRangeAreRefusedByName(String option) throws IOException {
        Path file = Files.createFile(folder.resolve("model.gguf"));
        StringWriter said = new StringWriter();

        int code =
                new CommandLine(new Throughput()).setErr(new PrintWriter(said)).execute(file.toString(), option);

        assertThat(code).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(said.toString().lines().findFirst().orElseThrow())
                .contains(option.substring(0, option.indexOf('=')))
                .contains("or more");
    }

    @Test
    void thatLlamaCppIsAbsentIsSaidBeforeAnythingIsMeasured() throws IOException {
        Path file = Files.createFile(folder.resolve("model.gguf"));
        Throughput throughput = new Throughput();
        new CommandLine(throughput).parseArgs(file.toString(), "--llama=" + folder);

        assertThatThrownBy(throughput::call)
                .isInstanceOf(BenchException.class)
                .hasMessage("llama.cpp is absent from " + folder + "; tools/llama-cpp.sh fetches it");
    }
}
