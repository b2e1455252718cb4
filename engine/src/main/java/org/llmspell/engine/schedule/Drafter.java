package org.llmspell.engine.schedule;

/**
 * Guesses how one sequence goes on from its own text (prompt lookup, Saxena 2023): where its last tokens have come before, what
 * followed them then may follow now. Guesses that come true double the next one's length; one that fails cuts it back to what
 * held, and after failures without anything held it guesses nothing for a while, twice as long each time. What it guesses
 * depends on the sequence's tokens alone. Not thread-safe.
 */
final class Drafter {
    /** Tokens that must have come before in the same order. */
    private static final int LEAST_MATCH = 2;

    /** A match so long is not compared with others: the nearest such place is taken. */
    private static final int LONG_MATCH = 16;

    private static final int FIRST_LENGTH = 3;

    /** Tokens without a guess after many failures; a text that begins to repeat itself is noticed that late. */
    private static final int LONGEST_PAUSE = 32;

    private final int most;
    private int length;
    private int failures;
    private int pause;

    /** @param most tokens of a guess, at most; 0 never guesses */
    Drafter(int most) {
        this.most = most;
        this.length = Math.min(most, FIRST_LENGTH);
    }

    /**
     * Writes a guess behind the tokens there are.
     *
     * @param tokens of which the first {@code count} are the sequence; has room for {@code room} more
     * @param room tokens of the guess, at most
     * @return the tokens guessed, often none
     */
    int draft(int[] tokens, int count, int room) {
        int wanted = Math.min(length, room);
        if (wanted <= 0) {
            return 0;
        }
        if (pause > 0) {
            pause--;
            return 0;
        }
        int next = nextAfterMatch(tokens, count);
        if (next < 0) {
            return 0;
        }
        for (int i = 0; i < wanted; i++) {
            tokens[count + i] = tokens[next + i]; // may reach into the guess itself: a repetition goes on
        }
        return wanted;
    }

    /** Says how much of a guess of {@code drafted} tokens, at least one, came true. */
    void checked(int drafted, int accepted) {
        if (accepted == drafted) {
            length = Math.min(most, Math.max(length, 2 * drafted));
        } else {
            length = Math.max(1, accepted);
        }
        if (accepted > 0) {
            failures = 0;
        } else {
            pause = Math.min(LONGEST_PAUSE, 1 << Math.min(failures, 5));
            failures++;
        }
    }

    /** The place after the longest earlier occurrence of the last tokens, of equal ones the latest; −1 if there is none. */
    private static int nextAfterMatch(int[] tokens, int count) {
        int best = LEAST_MATCH - 1;
        int next = -1;
        int last = count - 1;
        for (int end = last - 1; end >= best; end--) {
            // A longer match than the best so far also holds at that distance: one look decides about most places.
            if (tokens[end] != tokens[last] || tokens[end - best] != tokens[last - best]) {
                continue;
            }
            int match = 1;
            while (match < LONG_MATCH && match <= end && tokens[end - match] == tokens[last - match]) {
                match++;
            }
            if (match > best) {
                best = match;
                next = end + 1;
                if (match == LONG_MATCH) {
                    break;
                }
            }
        }
        return next;
    }
}
