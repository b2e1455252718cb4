package org.llmspell.engine.template.value;

/**
 * The bounds that keep a hostile template from taking time or memory. They are far above what real conversations need: a
 * context of a million tokens is about four million characters.
 */
public final class Limits {
    /** Characters (UTF-16 units) of one string and of the rendered text. */
    public static final int TEXT = 8 << 20;

    /** Total {@link Value#weight} of a list or dict with everything in it. */
    public static final long WEIGHT = 2 << 20;

    /** Items that one multiplication or conversion may put into a list. */
    public static final int ITEMS = 1 << 20;

    /** Levels of lists and dicts in one another. */
    public static final int VALUE_DEPTH = 200;

    /** Bits of an integer. Python has no bound, but prints no more than 4300 digits (14,285 bits). */
    public static final int INTEGER_BITS = 1 << 16;

    /** Steps of one rendering; a node evaluated is one, as are 32 characters copied. */
    public static final long STEPS = 4_000_000;

    /** Nested evaluations: expressions in expressions, blocks in blocks, macros in macros. */
    public static final int EVALUATION_DEPTH = 600;

    private Limits() {}

    static long checkedWeight(long weight) {
        if (weight > WEIGHT) {
            throw PythonException.limit(
                    "a list or dict of the chat template grew past its limit of " + WEIGHT + " units");
        }
        return weight;
    }

    static int checkedDepth(int depth) {
        if (depth > VALUE_DEPTH) {
            throw PythonException.limit("lists or dicts are nested deeper than " + VALUE_DEPTH + " levels");
        }
        return depth;
    }

    /** The length of a string of {@code length} characters that is about to be made. */
    public static int checkedText(long length) {
        if (length > TEXT) {
            throw PythonException.limit("the chat template made a text longer than " + TEXT + " characters");
        }
        return (int) length;
    }

    /** The size of a list of {@code items} that is about to be made. */
    public static int checkedItems(long items) {
        if (items > ITEMS) {
            throw PythonException.limit("the chat template made a list longer than " + ITEMS + " items");
        }
        return (int) items;
    }
}
