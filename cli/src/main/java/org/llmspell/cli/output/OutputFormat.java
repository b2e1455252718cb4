package org.llmspell.cli.output;

/** How results are written: for people, as one line of JSON, or as indented JSON. */
public enum OutputFormat {
    TEXT,
    JSON,
    PRETTY
}
