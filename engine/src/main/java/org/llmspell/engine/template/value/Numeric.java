package org.llmspell.engine.template.value;

/** A number; Python counts booleans among them. Numbers of different types that are equal have the same hash. */
public sealed interface Numeric extends Value permits Bool, Int, Real {
    /**
     * Python's {@code float(self)}.
     *
     * @throws PythonException an OverflowError for an integer beyond the range
     */
    double toDouble();
}
