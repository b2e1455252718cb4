package org.llmspell.engine.grammar;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one rule at one place of the text, all in one, whoever makes them: without this, a rule that is reached in many
 * ways would be followed once for each way. Lives during one {@link Closure}.
 */
final class LocalCall implements Owner {
    /** Who called and where the call returns to; {@link Network#RETURN} for a call at the very end of the caller. */
    record Caller(int after, Owner owner) {}

    final List<Caller> callers = new ArrayList<>();
    /** Whether the rule can end here, having read nothing. */
    boolean ended;

    /** The callers as stacks, once they are all known. */
    @Nullable
    StackSet frozen;
}
