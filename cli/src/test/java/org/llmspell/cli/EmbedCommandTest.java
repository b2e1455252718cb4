package org.llmspell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.fixtures.EncoderArchitecture;
import org.llmspell.fixtures.EncoderArchitecture.Kind;
import org.llmspell.fixtures.ModelShape;
import org.llmspell.fixtures.SyntheticModel;
import org.llmspell.fixtures.SyntheticVocabulary;
import org.llmspell.fixtures.WeightMix;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.local.json.JsonText;

/** Vectors on the command line, from a tiny random BERT. */
class EmbedCommandTest {
    @TempDir
    Path home;

    private String model;

    @BeforeEach
    void write() throws IOException {
        ModelShape shape = ModelShape.builder().heads(4, 4, 16).context(64).build();
        Path file = home.resolve("bert.gguf");
        SyntheticModel.of(EncoderArchitecture.of(Kind.BERT), shape, WeightMix.uniform(BlockFormat.F32))
                .withVocabulary(SyntheticVocabulary.sentencePiece(384))
                .write(file);
        model = file.toString();
    }

    private Shell shell() {
        return new Shell(home);
    }

    @Test
    void everyTextIsALineOfNumbers() throws IOException {
        Path file = Files.writeString(home.resolve("texts.txt"), "one text\n\nanother\n");

        String arguments = shell().run("embed", model, "one text", "another").out();
        String read = shell().run("embed", model, "--file", file.toString()).out();
        String typed = shell().typing("one text\nanother\n").run("embed", model).out();

        assertThat(arguments.lines()).hasSize(2).allMatch(line -> line.split(" ").length == 64);
        assertThat(read).isEqualTo(arguments);
        assertThat(typed).isEqualTo(arguments);
    }

    @Test
    void jsonHoldsVectorsOfLengthOne() {
        String out = shell().run("embed", model, "one text", "--output=json").out();

        Map<?, ?> document = JsonText.parseObject(out);
        assertThat(document.get("dimensions")).isEqualTo(64L);
        assertThat((Long) document.get("prompt_tokens")).isPositive();
        List<?> vector = (List<?>) ((List<?>) document.get("embeddings")).getFirst();
        double squares = vector.stream()
                .mapToDouble(value -> ((Number) value).doubleValue())
                .map(value -> value * value)
                .sum();
        assertThat(squares).isCloseTo(1, org.assertj.core.api.Assertions.within(1e-5));
        assertThat(shell().run("embed", model, "one text", "--pooling=none", "--output=json")
                        .out())
                .contains("\"embeddings\":[[[");
    }

    @Test
    void similarityComparesWithTheFirst() {
        List<String> lines = shell().run("embed", model, "--similarity", "one text", "one text", "quite another thing")
                .out()
                .lines()
                .toList();

        assertThat(lines).hasSize(3);
        assertThat(lines.get(1)).isEqualTo(" 1.0000  one text");
        assertThat(Double.parseDouble(lines.get(2).strip().split(" ", 2)[0])).isLessThan(0.9999);
    }

    @Test
    void whatCannotBeDoneIsSaidInALine() {
        assertThat(shell().run("embed", model, "many words ".repeat(20)).error())
                .contains("context holds 64");
        assertThat(shell().run("embed", model, "--truncate", "many words ".repeat(20))
                        .out()
                        .lines())
                .hasSize(1);
        assertThat(shell().run("embed", model, "--similarity", "alone").err()).contains("two texts or more");
        assertThat(shell().typing("").run("embed", model).err()).contains("no text to embed");
        assertThat(shell().run("embed", model, "--pooling", "max", "x").err()).contains("mean");
        assertThat(shell().run("embed", model, "--file", home.resolve("none").toString())
                        .error())
                .contains("Cannot read");
    }

    @Test
    void aModelThatOnlyEmbedsDoesNotChat() {
        String script =
                "print(pcall(function() return Agent.create({model = '" + model + "@candle'}):complete('hi') end))";

        assertThat(shell().run("exec", script).out())
                .contains("only embeds texts")
                .contains("llmspell embed");
    }
}
