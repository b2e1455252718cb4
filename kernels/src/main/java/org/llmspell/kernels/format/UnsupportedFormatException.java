package org.llmspell.kernels.format;

import java.util.Collection;
import java.util.stream.Collectors;
import org.llmspell.gguf.BlockFormat;

/** Weights are in a block format that no kernel reads; the message names it and the formats that are read. */
public final class UnsupportedFormatException extends IllegalArgumentException {
    private final BlockFormat format;

    UnsupportedFormatException(BlockFormat format, Collection<BlockFormat> supported) {
        super("weights in block format %s cannot be computed with; the supported formats are %s"
                .formatted(format, supported.stream().map(BlockFormat::name).collect(Collectors.joining(", "))));
        this.format = format;
    }

    /** The format that was refused. */
    public BlockFormat format() {
        return format;
    }
}
