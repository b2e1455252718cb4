package org.llmspell.local;

/**
 * How to fetch a model.
 *
 * @param force fetch again even if it is there and whole
 */
public record PullOptions(boolean force) {}
