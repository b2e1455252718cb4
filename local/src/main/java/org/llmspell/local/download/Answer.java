package org.llmspell.local.download;

import java.net.http.HttpHeaders;

/**
 * A successful answer.
 *
 * @param status 200 or 206
 */
record Answer<T>(int status, HttpHeaders headers, T body) {}
