package org.llmspell.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.kernels.x86.X86Kernels;
import org.llmspell.kernels.x86.X86Reader;

/** Reading for its own sake: within bounds, and at a rate that is one. */
class ReadBandwidthTest {
    @Test
    void memoryOfSomeMebibytesIsReadAtSomeRateAndLessThanOneAtNone() {
        try (Arena arena = Arena.ofShared();
                WorkerPool workers = new WorkerPool(2)) {
            ReadBandwidth bandwidth = new ReadBandwidth();
            assertThat(bandwidth.measure(arena.allocate((5L << 20) + 17), workers))
                    .isPositive();
            assertThat(bandwidth.measure(arena.allocate(1000), workers)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void whatIsOutOfBoundsOrOnTheHeapIsNotRead(int streams) {
        X86Reader reader = reader(streams);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(3L * X86Reader.GRAIN);
            reader.read(memory, 0, 0);
            reader.read(memory, X86Reader.GRAIN, 2L * X86Reader.GRAIN);
            assertThatThrownBy(() -> reader.read(memory, X86Reader.GRAIN, 3L * X86Reader.GRAIN))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> reader.read(memory, -X86Reader.GRAIN, X86Reader.GRAIN))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatIllegalArgumentException().isThrownBy(() -> reader.read(memory, 0, 64));
            MemorySegment heap = MemorySegment.ofArray(new byte[X86Reader.GRAIN]);
            assertThatIllegalArgumentException().isThrownBy(() -> reader.read(heap, 0, X86Reader.GRAIN));
        }
    }

    private static X86Reader reader(int streams) {
        try {
            return X86Reader.assemble(streams, true);
        } catch (X86Kernels.Unavailable e) {
            return Assumptions.abort(e.getMessage());
        }
    }
}
