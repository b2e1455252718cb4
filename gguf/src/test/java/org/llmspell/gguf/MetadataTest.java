package org.llmspell.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The typed view of metadata: writers differ in widths, and a wrong type is said by key. */
class MetadataTest {
    @TempDir
    Path folder;

    private Path path = Path.of("");
    private GgufFile file;
    private GgufMetadata metadata;

    @BeforeEach
    void writeAndOpen() throws Exception {
        path = folder.resolve("m.gguf");
        new GgufWriter()
                .put("u64", GgufValue.integer(GgufType.UINT64, 32))
                .put("i8", GgufValue.integer(GgufType.INT8, -3))
                .put("u32 max", GgufValue.uint32(0xFFFF_FFFFL))
                .put("u64 max", GgufValue.integer(GgufType.UINT64, -1))
                .put("f64", GgufValue.float64(0.1))
                .put("f32", 0.1f)
                .put("text", "a\nb")
                .put("flag", true)
                .put("words", GgufValue.strings(List.of("x", "y")))
                .put("i64s", GgufValue.array(GgufType.INT64, List.of(GgufValue.integer(GgufType.INT64, 5))))
                .put("u32s", GgufValue.array(GgufType.UINT32, List.of(GgufValue.uint32(0xFFFF_FFFFL))))
                .put("f64s", GgufValue.array(GgufType.FLOAT64, List.of(GgufValue.float64(0.25))))
                .put("bytes", GgufValue.array(GgufType.UINT8, List.of(GgufValue.integer(GgufType.UINT8, 200))))
                .write(path);
        file = GgufFile.open(path);
        metadata = file.metadata();
    }

    @AfterEach
    void close() {
        file.close();
    }

    @Test
    void integersAreReadFromAnyWidth() throws Exception {
        assertThat(metadata.intValue("u64")).hasValue(32);
        assertThat(metadata.intValue("i8")).hasValue(-3);
        assertThat(metadata.longValue("u32 max")).hasValue(4_294_967_295L);
        assertThat(metadata.ints("i64s").orElseThrow()).containsExactly(5);
        assertThat(metadata.ints("bytes").orElseThrow()).containsExactly(200);
        assertThat(metadata.array("u32s", GgufType.UINT32).orElseThrow().toLongs())
                .containsExactly(4_294_967_295L);
    }

    @Test
    void anIntegerOutOfRangeIsRefusedByKey() {
        assertThatThrownBy(() -> metadata.intValue("u32 max"))
                .isInstanceOf(GgufException.class)
                .hasMessage(path + ": metadata key 'u32 max' is 4294967295, which does not fit 32 bits with sign");
        assertThatThrownBy(() -> metadata.longValue("u64 max"))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("is 18446744073709551615, which does not fit 64 bits with sign");
        assertThatThrownBy(() -> metadata.ints("u32s"))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("'u32s'");
    }

    @Test
    void floatsAreReadFromBothWidths() throws Exception {
        assertThat(metadata.floatValue("f64")).hasValue(0.1);
        assertThat(metadata.floatValue("f32")).hasValue(0.1f);
        assertThat(metadata.floats("f64s").orElseThrow()).containsExactly(0.25f);
    }

    @Test
    void anAbsentKeyIsEmptyAndCanBeReportedAsMissing() throws Exception {
        assertThat(metadata.string("absent")).isEmpty();
        assertThat(metadata.intValue("absent")).isEmpty();
        assertThat(metadata.floatValue("absent")).isEmpty();
        assertThat(metadata.bool("absent")).isEmpty();
        assertThat(metadata.strings("absent")).isEmpty();
        assertThat(metadata.ints("absent")).isEmpty();
        assertThat(metadata.floats("absent")).isEmpty();
        assertThat(metadata.missing("absent")).hasMessage(path + ": metadata key 'absent' is missing");
    }

    @Test
    void aWrongTypeNamesKeyAndBothTypes() {
        assertThatThrownBy(() -> metadata.string("words"))
                .isInstanceOf(GgufException.class)
                .hasMessage(path + ": metadata key 'words' has type array of string, expected string");
        assertThatThrownBy(() -> metadata.intValue("f32"))
                .hasMessageContaining("'f32' has type float32, expected an integer");
        assertThatThrownBy(() -> metadata.floatValue("u64"))
                .hasMessageContaining("'u64' has type uint64, expected float32");
        assertThatThrownBy(() -> metadata.bool("text")).hasMessageContaining("'text' has type string, expected bool");
        assertThatThrownBy(() -> metadata.strings("text"))
                .hasMessageContaining("'text' has type string, expected an array of string");
        assertThatThrownBy(() -> metadata.ints("words"))
                .hasMessageContaining("'words' has type array of string, expected an array of integers");
        assertThatThrownBy(() -> metadata.floats("bytes"))
                .hasMessageContaining("'bytes' has type array of uint8, expected an array of float32");
    }

    @Test
    void nothingOfAClosedFileCanBeRead() throws Exception {
        GgufValue text = metadata.get("text").orElseThrow();
        List<String> copied = metadata.strings("words").orElseThrow();
        file.close();
        file.close();
        assertThatThrownBy(text::toString).isInstanceOf(IllegalStateException.class);
        assertThat(copied).containsExactly("x", "y");
    }

    @Test
    void messagesStayOnOneLineWhateverTheFileSays() {
        assertThat(new GgufException("a\nb", "c\u001b[31m\u2028d")).hasMessage("a?b: c?[31m?d");
        assertThat(GgufException.quote("x".repeat(1000))).hasSizeLessThan(100);
    }
}
