package org.llmspell.engine.template.jinja;

import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Value;

/** What {@code value | name(args)} does. */
@FunctionalInterface
interface Filter {
    Value apply(Evaluation evaluation, Value value, Args args);
}
