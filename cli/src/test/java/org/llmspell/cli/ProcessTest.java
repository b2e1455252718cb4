package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.testing.FakeFiles;
import org.llmspell.testing.TestData;

/** What only a process of its own shows: signals, pipes, descriptors and the locale. */
class ProcessTest {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    @TempDir
    Path home;

    private ProcessBuilder command(List<String> javaOptions, String... args) {
        List<String> options = new ArrayList<>(List.of("--add-modules=jdk.incubator.vector"));
        options.addAll(javaOptions);
        return commandWithoutVectorApi(options, args);
    }

    private ProcessBuilder commandWithoutVectorApi(List<String> javaOptions, String... args) {
        List<String> words = new ArrayList<>(List.of(
                JAVA,
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path")));
        words.addAll(javaOptions);
        words.add(Main.class.getName());
        words.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().put("HOME", home.toString());
        builder.environment().remove("LLMSPELL_CONFIG");
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        return builder;
    }

    private static String read(java.io.InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.contains("incubator module"))
                .reduce("", (text, line) -> text + line + "\n");
    }

    private static int exit(Process process) throws InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private Path script(String text) throws IOException {
        return Files.writeString(home.resolve("script.lua"), text);
    }

    @Test
    void theHomeFolderIsTheShells() throws Exception {
        Process process = command(List.of(), "config").start();

        assertThat(read(process.getInputStream()))
                .contains(home.resolve(".llmspell/models/candle").toString().replace("\\", "\\\\"));
        assertThat(exit(process)).isZero();
    }

    @Test
    void outputIsUtf8InEveryLocale() throws Exception {
        ProcessBuilder builder =
                command(List.of(), "run", script("print('é 你好 🦙')").toString());
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();

        assertThat(read(process.getInputStream())).isEqualTo("é 你好 🦙\n");
        assertThat(exit(process)).isZero();
    }

    /** As the launcher starts it on CPUs whose kernels need no Vector API; on others it must say that something is missing. */
    @Test
    void withoutTheVectorApiModelsSayTheSameAndOnlySlowKernelsComplain() throws Exception {
        String[] words = {
            "exec",
            "print(Agent.create({model = ARGS[1], raw = true, temperature = 0, max_tokens = 40}):complete(ARGS[2]))",
            TestData.path("models/stories260K/stories260K-q8_0.gguf").toString(),
            "Once upon a time there was a little girl who"
        };
        Process with = command(List.of(), words).start();
        String expected = read(with.getInputStream());
        assertThat(exit(with)).isZero();
        Process without = commandWithoutVectorApi(List.of(), words).start();
        assertThat(read(without.getInputStream())).isEqualTo(expected).hasSizeGreaterThan(50);
        boolean complete = KernelProvider.best().name().matches("(avx512|amx) .*");
        String complaint = read(without.getErrorStream());
        assertThat(exit(without)).isZero();
        assertThat(complaint.contains("SIMD")).isEqualTo(!complete);
        if (complete) {
            assertThat(complaint).isEmpty();
            ProcessBuilder builder = commandWithoutVectorApi(List.of(), "doctor");
            builder.environment().put("HF_ENDPOINT", "http://127.0.0.1:9");
            Process doctor = builder.start();
            assertThat(read(doctor.getInputStream()))
                    .contains("without the Vector API, which nothing needs here")
                    .doesNotContain("SIMD");
            exit(doctor);
        }
    }

    @Test
    void kernelsThatThereAreNotAreNamedWithThoseThatThereAre() throws Exception {
        ProcessBuilder builder =
                command(List.of(), "exec", "Agent.create({model = 'local/apprentice@candle'}):complete('Hi')");
        builder.environment().put("LLMSPELL_KERNELS", "fast");
        Process process = builder.start();

        assertThat(read(process.getErrorStream()))
                .contains("LLMSPELL_KERNELS=fast names no kernels; use scalar, vector")
                .contains("1. Leave LLMSPELL_KERNELS unset")
                .doesNotContainIgnoringCase("internal error");
        assertThat(exit(process)).isEqualTo(1);
    }

    @Test
    void errorsArriveWhereTheLauncherLentStandardError() throws Exception {
        Process process = lendingStandardError(command(List.of("-Dllmspell.stderr=3"), "modle"));

        assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .startsWith("Error: Unknown command \"modle\"; did you mean \"model\"?\n");
        assertThat(exit(process)).isEqualTo(2);
    }

    @Test
    void programsThatAScriptStartsWriteToTheRealStandardError() throws Exception {
        Process process =
                lendingStandardError(command(List.of("-Dllmspell.stderr=3"), "exec", "os.execute('echo oops >&2')"));

        assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("oops\n");
        assertThat(exit(process)).isZero();
    }

    @Test
    void aReaderThatLeavesEndsTheCommandQuietly() throws Exception {
        Process process = command(List.of(), "completion", "bash").start();
        process.getInputStream().close();

        assertThat(read(process.getErrorStream())).isEmpty();
        assertThat(exit(process)).isEqualTo(141);
    }

    @Test
    void aReaderThatLeavesEndsAScriptThatPrintsForEver() throws Exception {
        Process process = command(List.of(), "exec", "while true do pcall(print, 'again') end")
                .start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(out.readLine()).isEqualTo("again");
        }

        assertThat(read(process.getErrorStream())).isEmpty();
        assertThat(exit(process)).isEqualTo(141);
    }

    @Test
    void ctrlCStopsAScriptAtOnceAlsoOneThatCatchesErrors() throws Exception {
        Process process =
                interruptible(command(List.of(), "run", script("""
                                print('started')
                                io.flush()
                                while true do pcall(function() while true do end end) end
                                """).toString())).start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        assertThat(out.readLine()).isEqualTo("started");
        interrupt(process);

        assertThat(exit(process)).isEqualTo(130);
        assertThat(read(process.getErrorStream())).isEmpty();
    }

    @Test
    void ctrlCDuringAPullSaysHowToGoOn() throws Exception {
        String file = "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf";
        try (FakeHub hub = new FakeHub().with(FakeHub.TINYLLAMA, "main", file, FakeHub.model(home, 4))) {
            hub.files.always(FakeHub.path(FakeHub.TINYLLAMA, file), new FakeFiles.Fault.StallAfter(3 << 20));
            ProcessBuilder builder = interruptible(command(List.of(), "model", "pull", "tinyllama:Q4_K_M@candle"));
            builder.environment().put("HF_ENDPOINT", hub.url());
            builder.redirectError(home.resolve("err").toFile());
            Process process = builder.start();
            while (process.isAlive() && !Files.readString(home.resolve("err")).contains("downloading")) {
                Thread.sleep(10);
            }
            interrupt(process);

            assertThat(exit(process)).isEqualTo(130);
            assertThat(Files.readString(home.resolve("err")))
                    .endsWith("The download of tinyllama:Q4_K_M was cancelled\n"
                            + "Go on where it stopped: `llmspell model pull tinyllama:Q4_K_M@candle`\n");
        }
    }

    /** As the launcher starts it: standard error as descriptor 3, and nothing from the virtual machine itself. */
    private static Process lendingStandardError(ProcessBuilder command) throws IOException {
        needsPosix();
        List<String> shell = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" 3>&2 2>/dev/null", "sh"));
        shell.addAll(command.command());
        return new ProcessBuilder(shell).start();
    }

    /**
     * The same command with Ctrl-C in force: a shell without job control starts background processes with SIGINT ignored, and
     * children inherit that.
     */
    private static ProcessBuilder interruptible(ProcessBuilder command) throws IOException {
        needsPosix();
        if (interruptsAreIgnored()) {
            command.command().addAll(0, List.of("env", "--default-signal=INT"));
        }
        return command;
    }

    private static void interrupt(Process process) throws Exception {
        assertThat(new ProcessBuilder("kill", "-INT", String.valueOf(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private static void needsPosix() {
        Assumptions.assumeTrue(Files.exists(Path.of("/bin/sh")), "there are no signals and no shell of POSIX here");
    }

    private static boolean interruptsAreIgnored() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.exists(status)
                && Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .anyMatch(line ->
                                (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
    }
}
