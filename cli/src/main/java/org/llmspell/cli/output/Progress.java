package org.llmspell.cli.output;

import java.util.function.Consumer;
import org.llmspell.local.PullProgress;

/** Shows how far a transfer is, until it is closed. Implementations are thread-safe. */
public interface Progress extends Consumer<PullProgress>, AutoCloseable {
    @Override
    void close();
}
