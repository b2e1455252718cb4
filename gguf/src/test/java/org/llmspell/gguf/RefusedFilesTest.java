package org.llmspell.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that are not GGUF are refused for what they are, and GGUF files for the rule that they break. */
class RefusedFilesTest {
    @TempDir
    Path folder;

    static Stream<Arguments> otherFiles() {
        return Stream.of(
                Arguments.of("", "an empty file"),
                Arguments.of("G", "only the first 1 bytes"),
                Arguments.of("lmgg\1\0\0\0", "GGML file of 2023"),
                Arguments.of("tjgg\3\0\0\0", "GGJT file of 2023"),
                Arguments.of("PK\3\4\24\0\0\0", "zip archive, such as a PyTorch checkpoint"),
                Arguments.of("\u0080\2}q\1", "Python pickle"),
                Arguments.of("\u0010\0\0\0\0\0\0\0{\"a\":{\"dtype\":1}}", "safetensors"),
                Arguments.of("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
                Arguments.of("  \n<!DOCTYPE html><html>", "HTML page"),
                Arguments.of("<html><body>404", "HTML page"),
                Arguments.of("<?xml version='1.0'?><Error/>", "XML document"),
                Arguments.of("{\"error\":\"Invalid username or password.\"}", "JSON document"),
                Arguments.of("Entry not found", "a text file"),
                Arguments.of("\u001f\u008b\10\0", "gzip archive"),
                Arguments.of("\0\0\0\0\0\0\0\0\0\0", "unfinished download"),
                Arguments.of("\1\2\3\4\5", "unknown data, magic 0x01020304"));
    }

    @ParameterizedTest
    @MethodSource("otherFiles")
    void aFileOfAnotherKindIsRefusedForWhatItIs(String latin1, String kind) throws Exception {
        Path path = folder.resolve("other.gguf");
        Files.write(path, latin1.getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> GgufFile.open(path))
                .isInstanceOf(GgufException.class)
                .hasMessageStartingWith(path + ": not a GGUF file: ")
                .hasMessageContaining(kind);
    }

    @Test
    void whatIsNoReadableFileIsSaid() {
        assertThatThrownBy(() -> GgufFile.open(folder.resolve("absent.gguf"))).hasMessageEndingWith("no such file");
        assertThatThrownBy(() -> GgufFile.open(folder)).hasMessageEndingWith("is a folder, not a GGUF file");
        assertThatThrownBy(() -> GgufFile.open(Path.of("/dev/zero"))).hasMessageContaining("device or pipe");
    }

    private static ByteSink header(int tensors, int keys) {
        ByteSink sink = new ByteSink();
        sink.putInt(0x46554747);
        sink.putInt(3);
        sink.putLong(tensors);
        sink.putLong(keys);
        return sink;
    }

    private static void describe(ByteSink sink, String name, long length, long offset) {
        sink.putString(name);
        sink.putInt(1);
        sink.putLong(length);
        sink.putInt(BlockFormat.I8.id());
        sink.putLong(offset);
    }

    private static void refused(String expected, int tensors, int keys, Consumer<ByteSink> rest) {
        ByteSink sink = header(tensors, keys);
        rest.accept(sink);
        sink.padTo(32);
        for (int i = 0; i < 64; i++) {
            sink.putByte(0);
        }
        assertThatThrownBy(() -> GgufFile.of("f", sink.segment()))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining(expected);
    }

    @Test
    void tensorsThatShareBytesAreRefused() {
        refused("'b' at offset 32 overlaps the one before it, which ends at 33", 2, 0, sink -> {
            describe(sink, "a", 33, 0);
            describe(sink, "b", 1, 32);
        });
    }

    @Test
    void anOffsetOffTheAlignmentIsRefused() {
        refused("'a': offset 33 is not a multiple of the alignment 32", 1, 0, sink -> describe(sink, "a", 1, 33));
    }

    @Test
    void aTensorNameGivenTwiceIsRefused() {
        refused("tensor 'a': duplicate tensor name", 2, 0, sink -> {
            describe(sink, "a", 1, 0);
            describe(sink, "a", 1, 32);
        });
    }

    @Test
    void aDimensionOfZeroIsRefused() {
        refused("tensor 'a': shape [0] has a dimension of 0", 1, 0, sink -> describe(sink, "a", 0, 0));
    }

    @Test
    void aKeyThatIsNotUtf8IsRefused() {
        refused("metadata key 1 of 1: key at offset 24 is not valid UTF-8", 0, 1, sink -> {
            sink.putLong(1);
            sink.putByte(0xFF);
        });
    }

    @Test
    void arraysNestedTooDeepAreRefusedAndOthersNot() throws Exception {
        Consumer<ByteSink> key = sink -> {
            sink.putString("k");
            sink.putInt(GgufType.ARRAY.id());
        };
        Consumer<ByteSink> level = sink -> {
            sink.putInt(GgufType.ARRAY.id());
            sink.putLong(1);
        };
        ByteSink allowed = header(0, 1);
        key.accept(allowed);
        for (int i = 1; i < GgufLimits.ARRAY_DEPTH; i++) {
            level.accept(allowed);
        }
        allowed.putInt(GgufType.UINT8.id());
        allowed.putLong(0);
        GgufFile.of("f", allowed.segment()).close();
        refused("arrays are nested deeper than 8 levels", 0, 1, sink -> {
            key.accept(sink);
            for (int i = 0; i < GgufLimits.ARRAY_DEPTH; i++) {
                level.accept(sink);
            }
            sink.putInt(GgufType.UINT8.id());
            sink.putLong(0);
        });
    }

    @Test
    void aHeaderBeyondTheLimitIsRefusedWithoutReadingIt() throws Exception {
        Path path = folder.resolve("sparse.gguf");
        ByteSink sink = header(0, 1);
        sink.putString("k");
        sink.putInt(GgufType.STRING.id());
        sink.putLong(1L << 30);
        writeSparse(path, sink, 2L << 30);
        assertThatThrownBy(() -> GgufFile.open(path))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("header is longer than the limit");
    }

    @Test
    void aTensorBeyondTwoGibibytesIsMappedWhole() throws Exception {
        Path path = folder.resolve("large.gguf");
        long length = (5L << 30) + 1;
        ByteSink sink = header(2, 0);
        describe(sink, "large", length, 0);
        describe(sink, "last", 1, (5L << 30) + 32);
        sink.padTo(32);
        long dataStart = sink.size();
        writeSparse(path, sink, dataStart + (5L << 30) + 33);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(dataStart + length - 1);
            file.write(42);
            file.seek(dataStart + (5L << 30) + 32);
            file.write(43);
        }
        try (GgufFile file = GgufFile.open(path)) {
            MemorySegment large = file.tensor("large").orElseThrow().data();
            assertThat(large.get(ValueLayout.JAVA_BYTE, length - 1)).isEqualTo((byte) 42);
            assertThat(file.tensor("last").orElseThrow().data().get(ValueLayout.JAVA_BYTE, 0))
                    .isEqualTo((byte) 43);
        }
    }

    private static void writeSparse(Path path, ByteSink header, long length) throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(length);
            file.getChannel().write(header.buffer(), 0);
        }
    }
}
