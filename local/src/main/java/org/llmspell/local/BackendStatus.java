package org.llmspell.local;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a backend is.
 *
 * @param backend its name
 * @param available the server answers, or the embedded engine can run
 * @param models how many models it has; 0 when that is not known
 * @param version of the server or engine, if known
 * @param error why it is not available, in one line
 * @param details further facts for people (kernels in use, URL, model directory), in the order to show
 */
public record BackendStatus(
        String backend,
        boolean available,
        int models,
        @Nullable String version,
        @Nullable String error,
        Map<String, String> details) {}
