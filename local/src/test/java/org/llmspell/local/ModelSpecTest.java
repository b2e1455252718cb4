package org.llmspell.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ModelSpecTest {
    /** The guide's own examples, then the forms that the specification adds. */
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "local/llama3.1:8b@ollama,          llama3.1,                8b,     ollama",
                "local/tinyllama:Q4_K_M@candle,     tinyllama,               Q4_K_M, candle",
                "local/llama3.1:8b,                 llama3.1,                8b,     -",
                "llama3.1:8b@ollama,                llama3.1,                8b,     ollama",
                "mistral:7b@ollama,                 mistral,                 7b,     ollama",
                "qwen2-0.5b:Q4_K_M@candle,          qwen2-0.5b,              Q4_K_M, candle",
                "phi-3:mini,                        phi-3,                   mini,   -",
                "tinyllama,                         tinyllama,               -,      -",
                "'  local/tinyllama@Candle ',       tinyllama,               -,      candle",
                "local/local/x,                     local/x,                 -,      -",
                "TheBloke/phi-2-GGUF:Q4_K_M,        TheBloke/phi-2-GGUF,     Q4_K_M, -",
                "registry.example.com:5000/ns/m:1,  registry.example.com:5000/ns/m, 1, -",
                "hf.co/Qwen/Qwen2-0.5B-GGUF:Q4_K_M, hf.co/Qwen/Qwen2-0.5B-GGUF, Q4_K_M, -",
                "HF.CO/a/b@candle,                  hf.co/a/b,               -,      candle",
                "https://huggingface.co/a/b.c:F16,  hf.co/a/b.c,             F16,    -",
                "local/hf.co/a/b:sub/x-Q8_0.gguf,   hf.co/a/b,               sub/x-Q8_0.gguf, -",
                "hf.co/a/b:x.gguf@candle,           hf.co/a/b,               x.gguf, candle",
                "no-such-file.gguf,                 no-such-file.gguf,       -,      -",
            })
    void readsNames(String text, String name, @Nullable String variant, @Nullable String backend) {
        assertThat(ModelSpec.parse(text)).isEqualTo(new ModelSpec(name, variant, backend, false));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "/models/a.gguf,             /models/a.gguf,    -",
                "/models/a.gguf@candle,      /models/a.gguf,    candle",
                "/models/a b.GGUF,           /models/a b.GGUF,  -",
                "./a:b@c.gguf,               ./a:b@c.gguf,      -",
                "../a.gguf,                  ../a.gguf,         -",
                "~/a.gguf@CANDLE,            ~/a.gguf,          candle",
                "local/./a.gguf,             ./a.gguf,          -",
                "sub/a.gguf,                 sub/a.gguf,        -",
                "/blobs/sha256-00,           /blobs/sha256-00,  -",
                "/blobs/sha256-00@candle,    /blobs/sha256-00,  candle",
                "/odd@dir/blob,              /odd@dir/blob,     -",
            })
    void readsPaths(String text, String path, @Nullable String backend) {
        assertThat(ModelSpec.parse(text)).isEqualTo(new ModelSpec(path, null, backend, true));
    }

    @Test
    void takesAnExistingFileForAPathWhateverItsNameLooksLike(@TempDir Path folder) throws Exception {
        Path file = Files.createFile(folder.resolve("odd@candle.gguf"));

        assertThat(ModelSpec.parse(file.toString()).path()).isEqualTo(file);
    }

    @Test
    void expandsTheHomeFolder() {
        assertThat(ModelSpec.parse("~/m/a.gguf").path())
                .isEqualTo(Path.of(System.getProperty("user.home"), "m", "a.gguf"));
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                Arguments.of("", "No model is named"),
                Arguments.of("   ", "No model is named"),
                Arguments.of("local/", "no name follows \"local/\""),
                Arguments.of("x@", "no backend follows \"@\""),
                Arguments.of("@ollama", "no name stands before \"@\""),
                Arguments.of("local/@ollama", "no name stands before \"@\""),
                Arguments.of(":q", "no name stands before \":\""),
                Arguments.of("x:", "no variant follows \":\""),
                Arguments.of("x:@candle", "no variant follows \":\""),
                Arguments.of("x:y:z", "variant contains \":\""),
                Arguments.of("x@-", "backend starts with \"-\""),
                Arguments.of("x@my cluster", "backend contains \" \""),
                Arguments.of("./x.gguf@candel", "a file runs on candle, not on candel"),
                Arguments.of("./x.gguf@ollama", "a file runs on candle, not on ollama"),
                Arguments.of("x@ollama@candle", "name contains \"@\""),
                Arguments.of("..", "name starts with \".\""),
                Arguments.of("a/../b", "namespace starts with \".\""),
                Arguments.of("a/..", "name starts with \".\""),
                Arguments.of("x:../../etc/passwd", "at most three parts"),
                Arguments.of("x:../passwd", "namespace contains \":\""),
                Arguments.of("x:..", "variant starts with \".\""),
                Arguments.of("hf.co/../b:Q4_0", "user starts with \".\""),
                Arguments.of("hf.co/a/b:../x.gguf", "variant starts with \".\""),
                Arguments.of("hf.co/a/b:s//x.gguf", "variant is empty"),
                Arguments.of("hf.co/a/b:s/x", "neither a quantization nor a .gguf file"),
                Arguments.of("hf.co/a/b:", "variant is empty"),
                Arguments.of("hf.co/a", "a user and a repository"),
                Arguments.of("hf.co/a/b/c", "a user and a repository"),
                Arguments.of("a//b", "namespace is empty"),
                Arguments.of("a/b/c/d", "at most three parts"),
                Arguments.of("a.b/c", "namespace contains \".\""),
                Arguments.of("tiny llama", "name contains \" \""),
                Arguments.of("tiny\\llama", "name contains \"\\\""),
                Arguments.of("-x", "name starts with \"-\""),
                Arguments.of("ünï", "name starts with \"ü\""),
                Arguments.of("x\u0000y", "control character"),
                Arguments.of("x\ny", "control character"),
                Arguments.of("https://example.com/x", "it is a URL"),
                Arguments.of("a".repeat(81), "longer than 80"),
                Arguments.of("x:" + "a".repeat(81), "longer than 80"),
                Arguments.of("a".repeat(5000), "longer than 4096"));
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void refusesMalformedOnesInOneLineThatShowsTheForm(String text, String reason) {
        LocalModelException refused = catchThrowableOfType(LocalModelException.class, () -> ModelSpec.parse(text));

        assertThat(refused.kind()).isEqualTo(LocalModelException.Kind.INVALID_REQUEST);
        assertThat(refused)
                .message()
                .contains(reason)
                .contains("write ")
                .doesNotContain("\n")
                .doesNotContain("\u0000")
                .hasSizeLessThan(500);
    }

    @Test
    void writesTheWholeSpecificationBack() {
        assertThat(ModelSpec.parse("tinyllama:Q4_K_M@candle").full()).isEqualTo("local/tinyllama:Q4_K_M@candle");
        assertThat(ModelSpec.parse("~/a.gguf").full()).isEqualTo("~/a.gguf");
        assertThat(ModelSpec.parse("x").id()).isEqualTo("x");
        assertThat(ModelSpec.parse("x:y").id()).isEqualTo("x:y");
    }
}
