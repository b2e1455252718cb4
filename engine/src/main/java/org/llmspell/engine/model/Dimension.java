package org.llmspell.engine.model;

/**
 * One dimension of an expected shape.
 *
 * @param name the hyper-parameter that it comes from, for messages
 */
record Dimension(String name, long size) {}
