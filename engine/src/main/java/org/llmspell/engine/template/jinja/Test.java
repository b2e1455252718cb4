package org.llmspell.engine.template.jinja;

import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Value;

/** What {@code value is name(args)} asks. */
@FunctionalInterface
interface Test {
    boolean holds(Evaluation evaluation, Value value, Args args);
}
