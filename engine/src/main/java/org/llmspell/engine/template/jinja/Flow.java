package org.llmspell.engine.template.jinja;

/** How execution goes on after a statement. */
enum Flow {
    ON,
    BREAK,
    CONTINUE
}
