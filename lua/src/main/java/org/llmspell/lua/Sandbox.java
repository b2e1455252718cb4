package org.llmspell.lua;

/**
 * Limits of a script that is not trusted, which has no files, processes, environment, native modules or binary chunks
 * either.
 *
 * @param instructions of the Lua machine, per run; a billion take some ten seconds
 * @param memoryBytes for Lua's values
 */
public record Sandbox(long instructions, long memoryBytes) {
    /** A billion instructions, 256 MiB. */
    public static final Sandbox DEFAULT = new Sandbox(1_000_000_000L, 256L << 20);

    /** Below this the libraries themselves do not fit. */
    static final long LEAST_MEMORY = 1 << 20;

    public Sandbox {
        if (instructions < 1) {
            throw new IllegalArgumentException("The instruction limit must be at least 1, got " + instructions);
        }
        if (memoryBytes < LEAST_MEMORY) {
            throw new IllegalArgumentException(
                    "The memory limit must be at least " + LEAST_MEMORY + " bytes, got " + memoryBytes);
        }
    }
}
