package org.llmspell.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Random damage to a valid file: it is read or refused, and nothing else happens. */
class FuzzTest {
    private static final int MUTATIONS = 30_000;
    private static final long[] HOSTILE = {
        0, 1, 7, 31, 255, 65_535, 1L << 31, (1L << 32) - 1, 1L << 32, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE, -1, -8
    };

    @TempDir
    Path folder;

    private byte[] valid() throws Exception {
        Path path = folder.resolve("valid.gguf");
        new GgufWriter()
                .put("general.architecture", "llama")
                .put("a.u32", 7)
                .put("a.f32", 1.5f)
                .put("a.bool", true)
                .put("a.u16", GgufValue.integer(GgufType.UINT16, 3))
                .put("a.f64", GgufValue.float64(2.5))
                .put("tokens", GgufValue.strings(List.of("<unk>", "<s>", "</s>", "▁a")))
                .put("scores", GgufValue.floats(0, 0, 0, -1))
                .put(
                        "nested",
                        GgufValue.array(GgufType.ARRAY, List.of(GgufValue.ints(1, 2), GgufValue.strings(List.of("x")))))
                .put("flags", GgufValue.array(GgufType.BOOL, List.of(GgufValue.bool(true))))
                .alignment(16)
                .tensor("q", BlockFormat.Q4_0, List.of(32L, 2L), new byte[36])
                .tensor("f", BlockFormat.F32, List.of(2L, 2L), new byte[16])
                .tensor("k", BlockFormat.Q4_K, List.of(256L), new byte[144])
                .write(path);
        return Files.readAllBytes(path);
    }

    @Test
    @Timeout(120)
    void aDamagedFileIsReadOrRefusedAndNothingElse() throws Exception {
        byte[] valid = valid();
        SplittableRandom random = new SplittableRandom(20_261);
        int accepted = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] bytes = mutated(valid, random);
            try (GgufFile file = GgufFile.of("fuzz", MemorySegment.ofArray(bytes))) {
                MalformedFilesTest.readEverything(file);
                accepted++;
            } catch (GgufException e) {
                assertThat(e.getMessage()).startsWith("fuzz: ").doesNotContain("\n");
            } catch (RuntimeException | Error e) {
                throw new AssertionError("mutation " + i, e);
            }
        }
        // Both outcomes must occur often, or the mutations test nothing.
        assertThat(accepted).isBetween(MUTATIONS / 50, MUTATIONS * 9 / 10);
    }

    private static byte[] mutated(byte[] valid, SplittableRandom random) {
        byte[] bytes = valid.clone();
        int times = random.nextInt(1, 4);
        for (int i = 0; i < times; i++) {
            // From the version on: a broken magic ends everything at once.
            int at = random.nextInt(4, bytes.length - Long.BYTES);
            switch (random.nextInt(5)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> putLong(bytes, at, HOSTILE[random.nextInt(HOSTILE.length)]);
                case 3 -> System.arraycopy(valid, random.nextInt(valid.length - 8), bytes, at, 8);
                default -> {
                    int from = random.nextInt(4, bytes.length - 1);
                    int length = random.nextInt(1, Math.min(64, bytes.length - Math.max(at, from)) + 1);
                    System.arraycopy(bytes.clone(), from, bytes, at, length);
                }
            }
        }
        return random.nextInt(8) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }

    private static void putLong(byte[] bytes, int at, long value) {
        for (int i = 0; i < Long.BYTES; i++) {
            bytes[at + i] = (byte) (value >>> (8 * i));
        }
    }
}
