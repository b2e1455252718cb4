package org.llmspell.kernels.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.AttentionCall;
import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.ConvolutionCall;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.Native;
import org.llmspell.kernels.RandomWeights;
import org.llmspell.kernels.ScanCall;
import org.llmspell.kernels.WeightMatrix;

/** Kernels that call themselves complete leave to others only what takes no time: the others here refuse all else. */
@ParameterizedClass(allowZeroInvocations = true)
@MethodSource("assembled")
class CompleteKernelsTest {
    private final Kernels kernels;

    CompleteKernelsTest(Kernels kernels) {
        this.kernels = kernels;
    }

    private interface Maker {
        Kernels make(Kernels others) throws X86Kernels.Unavailable;
    }

    /** Those that can be here. */
    static List<Kernels> assembled() {
        List<Kernels> assembled = new ArrayList<>();
        List<Maker> makers = List.of(X86Kernels::assemble, Avx2Kernels::assemble);
        for (Maker maker : makers) {
            try {
                assembled.add(maker.make(refusing()));
            } catch (X86Kernels.Unavailable e) {
                // not on this processor
            }
        }
        return assembled;
    }

    @Test
    void theyCallThemselvesComplete() {
        assertThat(kernels instanceof Avx2Kernels ? Avx2Kernels.COMPLETE : X86Kernels.COMPLETE)
                .isTrue();
    }

    /** Dequantization is left to them, as it is by its nature not a product's inner loop. */
    private static Kernels refusing() {
        Kernels scalar = KernelProvider.scalar();
        return (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (self, method, arguments) -> {
                    return switch (method.getName()) {
                        case "name", "supports", "dequantize" -> method.invoke(scalar, arguments);
                        default -> throw new AssertionError(method + " was left to others");
                    };
                });
    }

    @Test
    void productsOfEveryFormatAndSizeAreTheirOwn() {
        for (BlockFormat format : BlockFormat.values()) {
            if (!kernels.supports(format)) {
                continue;
            }
            for (int rows : new int[] {3, 1100}) {
                WeightMatrix weights = RandomWeights.matrix(format, rows, 256, new Random(1));
                for (int tokens : new int[] {1, 5, 20}) {
                    MemorySegment x = Native.floats(RandomWeights.gaussians(256 * tokens, new Random(2)));
                    MemorySegment out = Native.floats(new float[rows * tokens]);
                    kernels.multiply(weights, 0, rows, x, 0, 256, tokens, out, 0, rows);
                    assertThat(Native.array(out)[rows * tokens - 1]).isNotZero();
                }
            }
        }
    }

    @Test
    void operationsOnRowsAreTheirOwn() {
        MemorySegment x = ones(40);
        MemorySegment y = ones(40);
        MemorySegment z = ones(40);
        assertThat(kernels.dot(x, 0, y, 0, 39)).isEqualTo(39);
        kernels.rmsNorm(z, 0, x, 0, y, 39, 1e-5f);
        kernels.layerNorm(z, 0, x, 0, y, y, 39, 1e-5f);
        kernels.layerNorm(z, 0, x, 0, null, null, 39, 1e-5f);
        kernels.softmax(z, 0, 39);
        kernels.add(z, 0, y, 0, 39);
        kernels.addScaled(z, 0, y, 0, 2, 39);
        kernels.multiply(z, 0, y, 0, 39);
        kernels.silu(z, 0, 39);
        kernels.siluMultiply(z, 0, y, 0, 39);
        kernels.gelu(z, 0, 39);
        kernels.geluMultiply(z, 0, y, 0, 39);
        kernels.sigmoidMultiply(z, 0, y, 0, 39);
        kernels.clampedSiluMultiply(z, 0, y, 0, 39, 1, 7);
        kernels.reluSquared(z, 0, 39);
        kernels.xielu(z, 0, 39, 1, 1, 1, 0);
        kernels.rotate(z, 0, 1, 0, x, 0, y, 0, 38, false);
        kernels.rotate(z, 0, 1, 0, x, 0, y, 0, 38, true);
        kernels.toHalf(x, 0, z, 0, 39);
        kernels.toBytes(x, 0, z, 0, 39);
        assertThat(Native.array(x)).containsOnly(1);
    }

    @Test
    void recurrencesAreTheirOwn() {
        MemorySegment x = ones(64);
        kernels.convolution(new ConvolutionCall(2, 4, 3, x, 0, 4, ones(12), ones(4), ones(8), ones(8), null, 0), 0, 4);
        // Of the second row 1 + 1 + 1 + 1 of the bias; the first row came to the same.
        assertThat(Native.array(x)[4]).isEqualTo(4);
        for (boolean corrects : new boolean[] {false, true}) {
            MemorySegment out = ones(8);
            kernels.scan(
                    new ScanCall(
                            1, 2, 1, true, 2, 2, ones(8), 8, 0, 2, 4, ones(4), 4, 0, 2, out, 0, 4, ones(8), ones(8),
                            null, 0, corrects, 1),
                    0);
            // S = 1 + u in both places, with u = 1 or 1 − 2, times a query of ones.
            assertThat(Native.array(out)[0]).isEqualTo(corrects ? 0 : 4);
        }
    }

    @Test
    void attentionOfEverySizeThatModelsHaveIsTheirOwn() {
        for (int[] size : new int[][] {{8, 8}, {64, 64}, {100, 100}, {120, 120}, {256, 256}, {512, 512}, {576, 512}}) {
            for (CacheFormat format : CacheFormat.values()) {
                MemorySegment[] keys = {Native.bytes(new byte[(int) format.bytes(size[0]) * 64])};
                MemorySegment[] values = {Native.bytes(new byte[(int) format.bytes(size[1]) * 64])};
                for (int rows : new int[] {1, 30}) {
                    MemorySegment out = ones(rows * size[1]);
                    AttentionCall call = new AttentionCall(
                            1,
                            1,
                            size[0],
                            size[1],
                            64,
                            format,
                            ones(rows * size[0]),
                            0,
                            keys,
                            values,
                            out,
                            0,
                            rows,
                            0,
                            Integer.MAX_VALUE,
                            1,
                            0,
                            null);
                    kernels.attention(call, 0, 0, rows);
                    assertThat(Native.array(out)).containsOnly(0);
                }
            }
        }
    }

    private static MemorySegment ones(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return Native.floats(ones);
    }
}
