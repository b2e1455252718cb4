package org.llmspell.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.llmspell.gguf.BlockFormat;

/** Run in a JVM of its own: says which kernels are chosen there and lets them compute something. */
final class KernelProviderProbe {
    private KernelProviderProbe() {}

    public static void main(String[] args) {
        try {
            Kernels kernels = KernelProvider.best();
            WeightMatrix weights = RandomWeights.matrix(BlockFormat.Q4_K, 2, 256, new Random(1));
            MemorySegment out = Native.floats(0, 0);
            kernels.multiply(weights, 0, 2, Native.floats(new float[256]), 0, 0, 1, out, 0, 0);
            System.out.println("chosen: " + kernels.name());
        } catch (IllegalStateException e) {
            System.out.println("first: " + e.getMessage());
            try {
                KernelProvider.best();
            } catch (IllegalStateException again) {
                System.out.println("again: " + again.getMessage());
            }
        }
    }
}
