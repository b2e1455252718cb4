package org.llmspell.local;

/**
 * How far a download is.
 *
 * @param status the phase, such as {@code downloading}, {@code verifying}, {@code success}
 * @param percentComplete 0 to 100
 * @param bytesDownloaded so far, earlier sessions included
 * @param bytesTotal 0 while it is not known
 */
public record PullProgress(String status, double percentComplete, long bytesDownloaded, long bytesTotal) {}
