package org.llmspell.engine.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Objects;
import org.llmspell.kernels.Kernels;

/**
 * Kernels whose GELU is that of llama.cpp: looked up in a table of half-precision results by half-precision arguments (ggml,
 * {@code ggml_vec_gelu_f32}). With them a model that bends by GELU can be compared as closely as others.
 */
final class LookedUpGelu {
    private LookedUpGelu() {}

    static Kernels over(Kernels kernels) {
        return (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("geluMultiply")) {
                        geluMultiply(
                                (MemorySegment) arguments[0],
                                (long) arguments[1],
                                (MemorySegment) arguments[2],
                                (long) arguments[3],
                                (int) arguments[4]);
                        return null;
                    }
                    try {
                        return method.invoke(kernels, arguments);
                    } catch (InvocationTargetException e) {
                        throw Objects.requireNonNull(e.getCause());
                    }
                });
    }

    private static void geluMultiply(MemorySegment gate, long gateIndex, MemorySegment up, long upIndex, int count) {
        for (int i = 0; i < count; i++) {
            float x = gate.getAtIndex(ValueLayout.JAVA_FLOAT, gateIndex + i);
            float result = gelu(x) * up.getAtIndex(ValueLayout.JAVA_FLOAT, upIndex + i);
            gate.setAtIndex(ValueLayout.JAVA_FLOAT, gateIndex + i, result);
        }
    }

    private static float gelu(float x) {
        if (Math.abs(x) >= 10) {
            return Math.max(0, x);
        }
        double rounded = half(x);
        double cubic = rounded + 0.044715 * rounded * rounded * rounded;
        return half((float) (0.5 * rounded * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * cubic))));
    }

    private static float half(float x) {
        return Float.float16ToFloat(Float.floatToFloat16(x));
    }
}
