package org.llmspell.engine.template;

/**
 * A piece of a rendered conversation of one origin.
 *
 * @param text never empty
 * @param fromTemplate whether the template wrote it. Special tokens may be read in such text only: what a message, tool or
 *     document says is text, also if it looks like a special token.
 */
public record Fragment(String text, boolean fromTemplate) {}
