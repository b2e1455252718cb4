package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.llmspell.gguf.BlockFormat;

/** Blocks of any format with random quants and scales of ordinary size, so that every product is finite. */
public final class RandomWeights {
    private RandomWeights() {}

    public static WeightMatrix matrix(BlockFormat format, int rows, int columns, Random random) {
        byte[] bytes = new byte[Math.toIntExact(format.bytes((long) rows * columns))];
        random.nextBytes(bytes);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int block = 0; block < bytes.length; block += format.blockBytes()) {
            tame(format, buffer, block, random);
        }
        return new WeightMatrix(format, rows, columns, Native.bytes(bytes));
    }

    private static void tame(BlockFormat format, ByteBuffer buffer, int block, Random random) {
        switch (format) {
            case F32 -> buffer.putFloat(block, (float) random.nextGaussian());
            case BF16 ->
                buffer.putShort(block, (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16));
            // Subnormal halves too.
            case F16 -> half(buffer, block, random.nextGaussian() * (random.nextInt(4) == 0 ? 1e-6 : 1));
            case Q4_1, Q5_1, Q4_K, Q5_K -> {
                half(buffer, block, random.nextGaussian() / 8);
                half(buffer, block + 2, random.nextGaussian() / 8);
            }
            case Q2_K -> {
                half(buffer, block + 80, random.nextGaussian() / 8);
                half(buffer, block + 82, random.nextGaussian() / 8);
            }
            case MXFP4 -> buffer.put(block, (byte) (120 + random.nextInt(12)));
            case IQ1_M -> scatteredHalf(buffer, block + 48, random.nextGaussian() / 8);
            case NVFP4 -> {}
            case Q3_K, Q6_K, TQ1_0, TQ2_0 -> half(buffer, block + format.blockBytes() - 2, random.nextGaussian() / 8);
            default -> half(buffer, block, random.nextGaussian() / 8);
        }
    }

    private static void half(ByteBuffer buffer, int at, double value) {
        buffer.putShort(at, Float.floatToFloat16((float) value));
    }

    /** IQ1_M keeps its half in the upper nibbles of four words. */
    private static void scatteredHalf(ByteBuffer buffer, int at, double value) {
        int bits = Float.floatToFloat16((float) value) & 0xFFFF;
        for (int i = 0; i < 4; i++) {
            int rest = buffer.getShort(at + 2 * i) & 0x0FFF;
            buffer.putShort(at + 2 * i, (short) (rest | ((bits >> (4 * i)) & 15) << 12));
        }
    }

    /** The matrix as float32, by the scalar codec, whose exactness {@link DequantizationTest} shows. */
    public static float[] dequantized(WeightMatrix matrix) {
        int count = matrix.rows() * matrix.columns();
        MemorySegment floats = Native.floats(new float[count]);
        KernelProvider.scalar().dequantize(matrix.format(), matrix.data(), 0, floats, 0, count);
        return Native.array(floats);
    }

    public static float[] gaussians(int count, Random random) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
