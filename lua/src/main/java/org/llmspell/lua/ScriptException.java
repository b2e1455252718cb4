package org.llmspell.lua;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A script did not run to its end. The message is what a person sees, {@code SCRIPT:LINE: MESSAGE} where a line is known;
 * the cause is the {@link org.llmspell.local.LocalModelException} where that is what the script did not catch.
 */
public final class ScriptException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What happened. */
    public enum Kind {
        /** There is no such script, or it cannot be read. */
        UNREADABLE,
        /** It is no Lua. */
        SYNTAX,
        /** It raised an error and did not catch it. */
        RUNTIME,
        /** It was stopped from outside. */
        INTERRUPTED,
        /** It ran longer than its sandbox allows. */
        INSTRUCTION_LIMIT,
        /** It needed more memory than its sandbox allows, or than there is. */
        OUT_OF_MEMORY
    }

    /** As Lua puts it in front of a message; the script's name may hold anything. */
    private static final Pattern PLACE = Pattern.compile("(?s)(.+?):(\\d{1,9}): (.*)");

    private final Kind kind;
    private final @Nullable String script;
    private final int line;
    private final String problem;
    private final @Nullable String traceback;

    ScriptException(Kind kind, String message, @Nullable String traceback, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.traceback = traceback;
        Matcher place = PLACE.matcher(message);
        boolean placed = place.matches();
        this.script = placed ? place.group(1) : null;
        this.line = placed ? Integer.parseInt(place.group(2)) : 0;
        this.problem = placed ? place.group(3) : message;
    }

    public Kind kind() {
        return kind;
    }

    /** The script as the message names it; null if the message names none. */
    public @Nullable String script() {
        return script;
    }

    /** The line, from 1; 0 if it is not known. */
    public int line() {
        return line;
    }

    /** The message without script and line. */
    public String problem() {
        return problem;
    }

    /** Lua's stack at the error, innermost first, a line each; null where there was none. */
    public @Nullable String traceback() {
        return traceback;
    }
}
