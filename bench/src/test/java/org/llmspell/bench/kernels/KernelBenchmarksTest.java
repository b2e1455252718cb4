package org.llmspell.bench.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Percentage.withPercentage;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.KernelProvider;
import org.openjdk.jmh.infra.ThreadParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Each benchmark runs once here, in this process and on little, so that none is broken when it is needed. */
class KernelBenchmarksTest {
    private static final String PREPARED = PreparedProducts.class.getName() + ".";

    @BeforeAll
    static void besideOtherRuns() {
        System.setProperty("jmh.ignoreLock", "true");
    }

    private static ChainedOptionsBuilder once(String include) {
        return new OptionsBuilder()
                .include(include)
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(1))
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .addProfiler(MemoryShare.class, "8")
                .param("megabytes", "1")
                .param("positions", "70")
                .param("kvHeads", "2");
    }

    private static Set<String> names(Collection<RunResult> results) {
        return results.stream().map(result -> result.getParams().getBenchmark()).collect(Collectors.toSet());
    }

    @Test
    void everyBenchmarkRunsWithItsParameters() throws RunnerException {
        Set<String> all = BenchmarkList.defaultList()
                .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())
                .stream()
                .map(BenchmarkListEntry::getUsername)
                .filter(name -> !name.startsWith(PREPARED))
                .collect(Collectors.toSet());

        Collection<RunResult> results = new Runner(once("org\\.llmspell\\.")
                        .exclude("PreparedProducts")
                        .param("kernels", "scalar", "best")
                        .param("rows", "8")
                        .param("columns", "256")
                        .param("tokens", "1", "3")
                        .build())
                .run();

        assertThat(names(results)).isEqualTo(all).hasSizeGreaterThan(10);
        assertThat(results)
                .allSatisfy(result ->
                        assertThat(result.getPrimaryResult().getScore()).isPositive());
    }

    @Test
    void productsAndAttentionSayWhatTheyReadAndCompute() throws RunnerException {
        Collection<RunResult> results = new Runner(once("MatrixProducts|CausalAttention")
                        .param("format", "Q8_0")
                        .param("cache", "BYTES")
                        .param("rows", "8")
                        .param("columns", "256")
                        .param("tokens", "2")
                        .build())
                .run();

        assertThat(names(results)).hasSize(2);
        assertThat(results).allSatisfy(result -> {
            Result<?> read = result.getSecondaryResults().get("read");
            Result<?> share = result.getSecondaryResults().get("memory");
            Result<?> computed = result.getSecondaryResults().get("computed");
            assertThat(read.getScoreUnit()).isEqualTo("GB/s");
            assertThat(read.getScore()).isPositive();
            assertThat(share.getScoreUnit()).isEqualTo("%");
            assertThat(share.getScore()).isPositive();
            Work work = Work.of(result.getParams()).orElseThrow();
            double perByte = work.operations() / work.bytes();
            assertThat(computed.getScore() / read.getScore()).isCloseTo(perByte, withPercentage(0.01));
        });
    }

    @Test
    void bothStepsOfAPreparedProductRun() throws RunnerException {
        Assumptions.assumeTrue(
                KernelProvider.best().batchProduct(new RandomMatrices(BlockFormat.Q4_K, 512, 512, 1).next(), 16)
                        != null,
                "the kernels here prepare no activations");

        Collection<RunResult> results = new Runner(once("PreparedProducts")
                        .param("format", "Q4_K")
                        .param("rows", "512")
                        .param("columns", "512")
                        .param("tokens", "16")
                        .build())
                .run();

        assertThat(names(results)).containsExactlyInAnyOrder(PREPARED + "prepare", PREPARED + "multiply");
    }

    @Test
    void kernelsThatPrepareNothingAreRefused() {
        ChosenKernels chosen = new ChosenKernels();
        chosen.kernels = "scalar";
        chosen.choose();
        PreparedProducts.Operands operands = new PreparedProducts.Operands();
        operands.rows = 8;
        operands.columns = 256;
        operands.tokens = 16;

        assertThatThrownBy(() -> operands.make(chosen, new ThreadParams(0, 1, 0, 1, 0, 1, 0, 1, 0, 1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("scalar kernels take the activations of 16 tokens with Q4_K as they are");
    }

    @Test
    void kernelsThatDoNotExistAreRefused() {
        ChosenKernels chosen = new ChosenKernels();
        chosen.kernels = "fast";

        assertThatThrownBy(chosen::choose)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there are best, scalar, vector");
    }
}
