package org.llmspell.engine.template.value;

import java.util.Iterator;

/** Counts the steps of one rendering and stops it at {@link Limits#STEPS}. Not thread-safe. */
public final class Budget {
    private long left = Limits.STEPS;

    /** Takes {@code steps} from what is left. */
    public void charge(long steps) {
        left -= steps;
        if (left < 0) {
            throw PythonException.limit("the chat template ran for more than " + Limits.STEPS + " steps");
        }
    }

    /** Takes what copying {@code value} cost: a step per 32 characters or 4 items. */
    public void chargeCopy(Value value) {
        if (value instanceof Text text) {
            charge(text.chars().length() >> 5);
        } else if (value instanceof Sequence || value instanceof Dict) {
            charge(value.length() >> 2);
        }
    }

    /** Takes what going through {@code value} costs, with all that is in it. */
    public void chargeScan(Value value) {
        if (value instanceof Range range) {
            charge(range.length());
        } else {
            charge(value.weight());
        }
    }

    /** {@code items}, each charged as one step. */
    public Iterator<Value> metered(Iterator<Value> items) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return items.hasNext();
            }

            @Override
            public Value next() {
                charge(1);
                return items.next();
            }
        };
    }
}
