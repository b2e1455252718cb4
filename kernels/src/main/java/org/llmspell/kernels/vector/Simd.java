package org.llmspell.kernels.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shapes and the view of memory that all vector kernels share, as constants that the JIT compiler folds.
 *
 * <p>{@link #ALL} spans the whole address space: kernels address memory through this one constant segment, whose bounds and
 * lifetime the compiler need not check at each load. Through the callers' segments the same loops ran about a tenth slower, and
 * much slower still once heap, native and mapped segments had met in one profile. {@link org.llmspell.kernels.Bounds} has
 * checked every range before an address gets here, and {@link VectorKernels} keeps the segments reachable.
 *
 * <p>Loops over vectors read and write {@link #ALL} themselves and call no method of this project, not even the small ones below:
 * past some thousand bytecodes of inlined Vector API the compiler inlines nothing that does not insist on it, and a call saves
 * and restores every vector register: Q6_K ran at a quarter of its speed that way. For a like reason they use
 * {@code convertShape} with a constant species, never {@code convert}: that looks its species up, which the compiler folded or not
 * depending on what had run before, at half the speed where it did not.
 */
final class Simd {
    @SuppressWarnings("restricted")
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** The widest float vector worth using. */
    static final VectorSpecies<Float> F = floats();

    /** Floats in one vector: 4, 8 or 16. */
    static final int LANES = F.length();

    /** Bytes of one float vector. */
    static final int WIDTH = F.vectorByteSize();

    static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

    /** As many halves as there are floats in a vector. */
    static final VectorSpecies<Short> S = VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

    /** Sixteen bytes. */
    static final VectorSpecies<Byte> B16 = ByteVector.SPECIES_128;

    /**
     * The bytes that become one vector of floats: the first {@link #LANES} of them. There is no vector of four bytes, so eight
     * are loaded where four are wanted, and whoever loads them sees to it that they are there.
     */
    static final VectorSpecies<Byte> Q = LANES == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

    /** Bytes for unpacking quants: 32 at a time where there are vectors of that size, else 16. */
    static final VectorSpecies<Byte> B = LANES >= 8 ? ByteVector.SPECIES_256 : ByteVector.SPECIES_128;

    /** The same as 32-bit words. */
    static final VectorSpecies<Integer> W = VectorSpecies.of(int.class, B.vectorShape());

    static final int BYTES = B.length();

    static final ByteOrder ORDER = ByteOrder.nativeOrder();
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Simd() {}

    /** Wider than 512 bits exists on SVE and is not tested here. AVX without AVX2 has wide floats and narrow integers. */
    private static VectorSpecies<Float> floats() {
        int bits = Math.min(FloatVector.SPECIES_PREFERRED.vectorBitSize(), IntVector.SPECIES_PREFERRED.vectorBitSize());
        if (bits >= 512) {
            return FloatVector.SPECIES_512;
        }
        return bits >= 256 ? FloatVector.SPECIES_256 : FloatVector.SPECIES_128;
    }

    /** Whether the vector shapes exist here: an int vector is needed as well as a float vector. */
    static boolean supported() {
        return IntVector.SPECIES_PREFERRED.vectorBitSize() >= 128
                && FloatVector.SPECIES_PREFERRED.vectorBitSize() >= 128
                && ORDER == ByteOrder.LITTLE_ENDIAN;
    }

    static float getFloat(long address) {
        return ALL.get(FLOAT, address);
    }

    static void setFloat(long address, float value) {
        ALL.set(FLOAT, address, value);
    }

    static float getHalf(long address) {
        return Float.float16ToFloat(ALL.get(SHORT, address));
    }
}
