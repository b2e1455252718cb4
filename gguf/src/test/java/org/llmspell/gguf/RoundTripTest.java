package org.llmspell.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the writer writes, the reader reads. */
class RoundTripTest {
    @TempDir
    Path folder;

    private static Map<String, GgufValue> everyType() {
        Map<String, GgufValue> values = new LinkedHashMap<>();
        values.put("u8", GgufValue.integer(GgufType.UINT8, 255));
        values.put("i8", GgufValue.integer(GgufType.INT8, -128));
        values.put("u16", GgufValue.integer(GgufType.UINT16, 65_535));
        values.put("i16", GgufValue.integer(GgufType.INT16, -32_768));
        values.put("u32", GgufValue.integer(GgufType.UINT32, 4_294_967_295L));
        values.put("i32", GgufValue.integer(GgufType.INT32, Integer.MIN_VALUE));
        values.put("u64", GgufValue.integer(GgufType.UINT64, -1));
        values.put("i64", GgufValue.integer(GgufType.INT64, Long.MIN_VALUE));
        values.put("f32", GgufValue.float32(-1.5e-30f));
        values.put("f64", GgufValue.float64(Math.PI));
        values.put("nan", GgufValue.float32(Float.NaN));
        values.put("yes", GgufValue.bool(true));
        values.put("no", GgufValue.bool(false));
        values.put("text", GgufValue.string("Grüße 🦙\n"));
        values.put("empty text", GgufValue.string(""));
        List.copyOf(values.entrySet()).forEach(entry -> {
            GgufValue value = entry.getValue();
            values.put(entry.getKey() + " array", GgufValue.array(value.type(), List.of(value, value, value)));
            values.put(entry.getKey() + " no elements", GgufValue.array(value.type(), List.of()));
        });
        values.put(
                "nested",
                GgufValue.array(
                        GgufType.ARRAY,
                        List.of(
                                GgufValue.strings(List.of("a", "", "c")),
                                GgufValue.ints(),
                                GgufValue.array(
                                        GgufType.ARRAY, List.of(GgufValue.ints(1, 2), GgufValue.floats(0.5f))))));
        return values;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void everyValueTypeSurvivesInItsOrder(int version) throws Exception {
        Path path = folder.resolve("values.gguf");
        GgufWriter writer = new GgufWriter().version(version);
        everyType().forEach(writer::put);
        writer.write(path);
        try (GgufFile file = GgufFile.open(path)) {
            assertThat(file.version()).isEqualTo(version);
            assertThat(file.files()).containsExactly(path);
            assertThat(new ArrayList<>(file.metadata().values().entrySet()))
                    .isEqualTo(new ArrayList<>(everyType().entrySet()));
            GgufArray nested = file.metadata().array("nested", GgufType.ARRAY).orElseThrow();
            assertThat(nested.size()).isEqualTo(3);
            assertThat(((GgufArray) nested.get(0)).asStrings()).containsExactly("a", "", "c");
            assertThat(nested).hasToString("[3 in an array of string, 0 in an array of int32, 2 in an array of array]");
            GgufArray deep = (GgufArray) nested.get(2);
            assertThat(((GgufArray) deep.get(0)).toInts()).containsExactly(1, 2);
            assertThat(((GgufArray) deep.get(1)).toFloats()).containsExactly(0.5f);
        }
    }

    @Test
    void theBytesAreThoseOfTheSpecification() throws Exception {
        Path path = folder.resolve("bytes.gguf");
        new GgufWriter()
                .put("k", 7)
                .tensor("t", BlockFormat.I8, List.of(3L), new byte[] {1, 2, 3})
                .write(path);
        ByteBuffer expected = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
        expected.put(new byte[] {'G', 'G', 'U', 'F'}).putInt(3).putLong(1).putLong(1);
        expected.putLong(1).put((byte) 'k').putInt(4).putInt(7);
        expected.putLong(1).put((byte) 't').putInt(1).putLong(3).putInt(24).putLong(0);
        expected.position(96).put(new byte[] {1, 2, 3});
        assertThat(Files.readAllBytes(path)).isEqualTo(expected.array());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 32, 4096})
    void tensorsOfEveryFormatSurviveAtEveryAlignment(int alignment) throws Exception {
        Path path = folder.resolve("tensors.gguf");
        Random random = new Random(1);
        GgufWriter writer = new GgufWriter().alignment(alignment);
        Map<String, byte[]> contents = new LinkedHashMap<>();
        for (BlockFormat format : BlockFormat.values()) {
            byte[] bytes = new byte[format.blockBytes() * 2 * 3 * 5];
            random.nextBytes(bytes);
            contents.put("t." + format, bytes);
            writer.tensor("t." + format, format, List.of(2L * format.blockElements(), 3L, 1L, 5L), bytes);
        }
        writer.tensor("scalar", BlockFormat.F32, List.of(), new byte[] {0, 0, (byte) 0x80, 0x3F});
        writer.write(path);
        try (GgufFile file = GgufFile.open(path)) {
            assertThat(file.tensors()).hasSize(contents.size() + 1);
            contents.forEach((name, bytes) -> {
                TensorInfo tensor = file.tensor(name).orElseThrow();
                assertThat(tensor.rows()).isEqualTo(15);
                assertThat(tensor.columns()).isEqualTo(2L * tensor.format().blockElements());
                assertThat(tensor.elements()).isEqualTo(tensor.columns() * 15);
                assertThat(tensor.data().address() % alignment).isZero();
                assertThat(tensor.data().toArray(JAVA_BYTE)).isEqualTo(bytes);
            });
            TensorInfo scalar = file.tensor("scalar").orElseThrow();
            assertThat(scalar.elements()).isEqualTo(1);
            assertThat(scalar.data().get(LittleEndian.FLOAT, 0)).isEqualTo(1f);
        }
    }

    @Test
    void aTensorLargerThanOnePieceIsWrittenWhole() throws Exception {
        Path path = folder.resolve("large.gguf");
        byte[] bytes = new byte[(1 << 24) + 12_345];
        new Random(2).nextBytes(bytes);
        new GgufWriter()
                .tensor("large", BlockFormat.I8, List.of((long) bytes.length), bytes)
                .write(path);
        try (GgufFile file = GgufFile.open(path)) {
            MemorySegment data = file.tensor("large").orElseThrow().data();
            assertThat(data.mismatch(MemorySegment.ofArray(bytes))).isEqualTo(-1);
        }
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNothingElse() throws Exception {
        Path path = folder.resolve("model.gguf");
        Files.writeString(path, "old");
        GgufWriter tooShort = new GgufWriter().tensor("t", BlockFormat.F32, List.of(4L), new byte[15]);
        assertThatThrownBy(() -> tooShort.write(path))
                .isInstanceOf(IOException.class)
                .hasMessage("tensor t has 16 bytes by its shape, but 15 were given");
        assertThatThrownBy(() -> tooShort.writeSplit(folder, "split", 1)).isInstanceOf(IOException.class);
        assertThat(path).hasContent("old");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(path);
        }
    }

    @Test
    void whatNoReaderAcceptsCannotBeWritten() {
        GgufWriter writer = new GgufWriter().tensor("t", BlockFormat.F32, List.of(1L), new byte[4]);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.tensor("t", BlockFormat.F32, List.of(1L), new byte[4]))
                .withMessageContaining("already");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.tensor("q", BlockFormat.Q4_0, List.of(31L), new byte[18]))
                .withMessageContaining("multiple");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.tensor("d", BlockFormat.F32, List.of(1L, 1L, 1L, 1L, 1L), new byte[4]));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.put("", 1));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.put("negative", -1));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.alignment(12));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.version(1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GgufValue.array(GgufType.STRING, List.of(GgufValue.bool(true))))
                .withMessageContaining("element 0 is bool in an array of string");
    }
}
