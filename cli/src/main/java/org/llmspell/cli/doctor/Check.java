package org.llmspell.cli.doctor;

import java.util.List;

/**
 * What was found in one place.
 *
 * @param name of the place, in one word
 * @param status whether it is as it should be
 * @param finding one line
 * @param solutions what to do, where something is to be done
 */
public record Check(String name, Status status, String finding, List<String> solutions) {
    /** How it is. */
    public enum Status {
        /** As it should be, or of no account. */
        OK,
        /** Something will not work, or not well. */
        WARN,
        /** The embedded backend cannot work. */
        FAIL
    }

    public Check {
        solutions = List.copyOf(solutions);
    }

    static Check ok(String name, String finding) {
        return new Check(name, Status.OK, finding, List.of());
    }

    static Check warn(String name, String finding, String... solutions) {
        return new Check(name, Status.WARN, finding, List.of(solutions));
    }

    static Check fail(String name, String finding, String... solutions) {
        return new Check(name, Status.FAIL, finding, List.of(solutions));
    }
}
