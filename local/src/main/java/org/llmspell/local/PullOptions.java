package org.llmspell.local;

import org.jspecify.annotations.Nullable;

/**
 * How to fetch a model.
 *
 * @param force fetch again even if it is there and whole
 * @param revision the branch, tag or commit of a Hugging Face repository; null for its main branch
 */
public record PullOptions(boolean force, @Nullable String revision) {
    /** What is there and whole is not fetched again; the main branch. */
    public PullOptions(boolean force) {
        this(force, null);
    }
}
