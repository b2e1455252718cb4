package org.llmspell.engine.tokenizer;

/**
 * A part of a text to encode.
 *
 * @param text the part
 * @param parseSpecial whether special tokens written out in it are those tokens: true for what a chat template wrote, false
 *     for what a user wrote
 */
public record Fragment(String text, boolean parseSpecial) {}
