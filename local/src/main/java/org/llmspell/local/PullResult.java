package org.llmspell.local;

/**
 * A finished download.
 *
 * @param modelId {@code NAME:VARIANT}
 * @param status {@code success}, or {@code exists} when nothing had to be fetched
 * @param bytesTotal of all its files
 */
public record PullResult(String modelId, String status, long bytesTotal) {}
