package org.llmspell.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.local.store.ImportRequest;
import org.llmspell.local.store.ModelStore;

/** The Java programs in the documents are compiled as they stand there, and run with a tiny model under the name they use. */
class DocumentationTest {
    private static final Pattern PROGRAM = Pattern.compile("(?ms)^```java\\n(.*?)^```$");

    @TempDir
    static Path home;

    private static Path classes;
    private static String formerHome;

    /** The names of the programs, by their documents, in their order. */
    static List<String> programs() throws IOException {
        List<String> names = new ArrayList<>();
        for (String document : List.of("README", "docs/java")) {
            String name = document.replace("docs/", "");
            Matcher matcher = PROGRAM.matcher(Files.readString(Path.of("..", document + ".md")));
            for (int i = 1; matcher.find(); i++) {
                Path file = home.resolve(name + i + ".java");
                if (!Files.exists(file)) {
                    Files.writeString(file, matcher.group(1));
                }
                names.add(name + i);
            }
        }
        return names;
    }

    @BeforeAll
    static void compile() throws IOException {
        new ModelStore(home.resolve(".llmspell/models/candle"))
                .importFile(new ImportRequest(
                        TinyModels.file(home),
                        "tinyllama",
                        "Q4_K_M",
                        ImportRequest.Placement.COPY,
                        true,
                        progress -> {}));
        classes = Files.createDirectories(home.resolve("classes"));
        List<String> arguments = new ArrayList<>(List.of("-d", classes.toString()));
        programs().forEach(name -> arguments.add(home.resolve(name + ".java").toString()));
        ByteArrayOutputStream errors = new ByteArrayOutputStream();

        int code = ToolProvider.getSystemJavaCompiler().run(null, null, errors, arguments.toArray(String[]::new));

        assertThat(code).as(errors.toString(StandardCharsets.UTF_8)).isZero();
        formerHome = System.setProperty("user.home", home.toString());
    }

    @AfterAll
    static void restore() {
        System.setProperty("user.home", formerHome);
    }

    @ParameterizedTest
    @MethodSource("programs")
    void everyProgramInTheDocumentsRuns(String name) throws Exception {
        PrintStream former = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                        new URLClassLoader(new URL[] {classes.toUri().toURL()});
                PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
            Class<?> program = loader.loadClass(name);
            Constructor<?> constructor = program.getDeclaredConstructor();
            Method main = program.getDeclaredMethod("main");
            constructor.setAccessible(true);
            main.setAccessible(true);
            System.setOut(out);
            main.invoke(constructor.newInstance());
        } finally {
            System.setOut(former);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).isNotBlank().doesNotContain("Solutions:");
    }

    @Test
    void theReadmeHasOneAndThePageOnJavaHasTheRest() throws IOException {
        assertThat(programs()).contains("README1", "java5").doesNotContain("README2");
        assertThat(Files.readString(home.resolve("README1.java")).lines()).hasSizeLessThanOrEqualTo(10);
    }

    @Test
    void aProgramStartedWithoutOptionsRunsAndIsToldOnceWhichOneIsMissingIfItIs() throws Exception {
        Outcome bare = run();
        Outcome full = run("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED");

        assertThat(bare.code).isZero();
        // Kernels in machine code may need no such module.
        assertThat(bare.error.lines().filter(line -> line.contains("--add-modules jdk.incubator.vector")))
                .hasSize(bare.error.contains("SIMD") ? 1 : 0);
        assertThat(full.code).isZero();
        assertThat(full.error).doesNotContain("SIMD").doesNotContain("native-access");
    }

    private record Outcome(int code, String error) {}

    private static Outcome run(String... options) throws IOException, InterruptedException {
        Path error = Files.createTempFile(home, "error", ".txt");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of(
                "-Duser.home=" + home,
                "-cp",
                classes + java.io.File.pathSeparator + System.getProperty("java.class.path"),
                "README1"));
        Process process = new ProcessBuilder(command)
                .redirectError(error.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Outcome(process.exitValue(), Files.readString(error));
    }
}
