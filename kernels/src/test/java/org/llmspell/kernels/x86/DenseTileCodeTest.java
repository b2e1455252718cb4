package org.llmspell.kernels.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The code for AMX on an emulated processor that has it, whether or not this one does: the very bytes, on panels and
 * activations that are laid out here by their definition, against sums in float64.
 */
class DenseTileCodeTest {
    private static final int ROWS = DenseProductCode.ROWS;
    private static final int GROUP = DenseActivationCode.TOKENS;
    /** Elements of the panels of one row: a long one and then a single line. */
    private static final int[] PANELS = {512, 32};

    private static final int COLUMNS = 544;
    private static final int GROUPS = 5;
    private static final float GUARD = 1e30f;
    /** Shapes of tiles among the registers in use. Bochs calls their contents in use even before the first of them is. */
    private static final int TILE_SHAPES = 1 << 17;

    @TempDir
    Path folder;

    @Test
    void sumsOfSeveralPanelsAreRightAndNoTileStaysInUse() throws Exception {
        Random random = new Random(1);
        float[] weights = bfloat16s(ROWS * COLUMNS, random);
        float[] x = bfloat16s(GROUPS * GROUP * COLUMNS, random);
        BareMachine machine = new BareMachine(folder);
        long shapes = machine.place(DenseTileCode.shapeBytes());
        long pairs = machine.place(code(new DenseTileCode(2, shapes)));
        long single = machine.place(code(new DenseTileCode(1, shapes)));
        long activations = machine.place(activations(x));
        float[] guarded = new float[ROWS * GROUP * GROUPS + 32];
        Arrays.fill(guarded, GUARD);
        byte[] before =
                BareMachine.little(4 * guarded.length, b -> b.asFloatBuffer().put(guarded));
        long sums = machine.place(before) + 64;
        int done = 0;
        for (int columns : PANELS) {
            long panel = machine.place(panel(weights, done, columns));
            int from = done;
            for (int part = 0; part < 2; part++) {
                int firstGroup = part * 4;
                int times = part == 0 ? 2 : 1;
                byte[] arguments = BareMachine.little(
                        DenseProductCode.ARGUMENT_BYTES,
                        b -> b.putLong(DenseProductCode.PANEL, panel)
                                .putLong(DenseProductCode.PANEL_STRIDE, 2L * columns)
                                .putLong(
                                        DenseProductCode.X,
                                        activations + (long) firstGroup * groupBytes() + (long) from / 2 * 64)
                                .putLong(DenseProductCode.X_STRIDE, groupBytes())
                                .putLong(DenseProductCode.STEPS, columns / 2)
                                .putLong(DenseProductCode.TIMES, times)
                                .putLong(DenseProductCode.SUMS, sums + (long) firstGroup * DenseProductCode.GROUP_SUMS)
                                .putLong(DenseProductCode.OCTETS, 4)
                                .putLong(DenseProductCode.FIRST, from == 0 ? 1 : 0));
                machine.call(part == 0 ? pairs : single, machine.place(arguments));
            }
            done += columns;
        }

        byte[] memory;
        try {
            memory = machine.run(BareMachine.beginning(), (int) (sums - 64 + before.length - BareMachine.beginning()));
        } catch (BareMachine.Missing e) {
            Assumptions.abort(e.getMessage());
            throw e;
        }

        assertThat(BareMachine.registersInUse(memory) & TILE_SHAPES).isZero();
        ByteBuffer result = ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
        int at = (int) (sums - BareMachine.beginning());
        for (int token = 0; token < GROUPS * GROUP; token++) {
            for (int row = 0; row < ROWS; row++) {
                double expected = 0;
                double magnitude = 0;
                for (int k = 0; k < COLUMNS; k++) {
                    double term = (double) weights[row * COLUMNS + k] * x[token * COLUMNS + k];
                    expected += term;
                    magnitude += Math.abs(term);
                }
                int place = (token / GROUP * ROWS + row) * GROUP + token % GROUP;
                assertThat((double) result.getFloat(at + 4 * place))
                        .as("row %d, token %d", row, token)
                        .isCloseTo(expected, within(2e-6 * magnitude));
            }
        }
        for (int i = 0; i < 16; i++) {
            assertThat(result.getFloat(at - 64 + 4 * i)).isEqualTo(GUARD);
            assertThat(result.getFloat(at + 4 * (ROWS * GROUP * GROUPS + i))).isEqualTo(GUARD);
        }
    }

    private static byte[] code(DenseTileCode code) {
        return Routine.assemble(code::write, false);
    }

    private static long groupBytes() {
        return COLUMNS / 2 * 64L;
    }

    /** Numbers that are bfloat16 already. */
    private static float[] bfloat16s(int count, Random random) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Float.intBitsToFloat(Float.floatToRawIntBits((float) random.nextGaussian()) & 0xFFFF0000);
        }
        return values;
    }

    private static short bits(float value) {
        return (short) (Float.floatToRawIntBits(value) >>> 16);
    }

    private static byte[] panel(float[] weights, int from, int columns) {
        return BareMachine.little(2 * ROWS * columns, buffer -> {
            for (int row = 0; row < ROWS; row++) {
                for (int k = 0; k < columns; k++) {
                    buffer.putShort(bits(weights[row * COLUMNS + from + k]));
                }
            }
        });
    }

    /** {@code [group][pair of elements][token][2]}. */
    private static byte[] activations(float[] x) {
        return BareMachine.little((int) (GROUPS * groupBytes()), buffer -> {
            for (int group = 0; group < GROUPS; group++) {
                for (int k = 0; k < COLUMNS; k += 2) {
                    for (int token = group * GROUP; token < (group + 1) * GROUP; token++) {
                        buffer.putShort(bits(x[token * COLUMNS + k]));
                        buffer.putShort(bits(x[token * COLUMNS + k + 1]));
                    }
                }
            }
        });
    }
}
