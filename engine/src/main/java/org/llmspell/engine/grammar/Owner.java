package org.llmspell.engine.grammar;

/** Where a rule that is being read returns to: known stacks, or a call of the same step, whose callers may still grow. */
sealed interface Owner permits StackSet, LocalCall {}
