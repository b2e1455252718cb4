package org.llmspell.engine.template.value;

/** An error that Python or Jinja would raise at this point, or a limit that was passed. Carries no stack trace. */
public final class PythonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Python's and Jinja's exception classes, as far as templates can tell them apart. */
    public enum Type {
        TYPE_ERROR,
        VALUE_ERROR,
        LOOKUP_ERROR,
        OVERFLOW_ERROR,
        ZERO_DIVISION_ERROR,
        /** An undefined value was used for more than printing and testing. */
        UNDEFINED,
        /** An attribute that the sandbox keeps away from templates was used. */
        SECURITY,
        /** Jinja's own checks while rendering. */
        RUNTIME,
        /** The template called {@code raise_exception}. */
        RAISED,
        /** A bound on time or memory was passed. */
        LIMIT
    }

    private final Type type;

    public PythonException(Type type, String message) {
        super(message, null, false, false);
        this.type = type;
    }

    public Type type() {
        return type;
    }

    public static PythonException typeError(String message) {
        return new PythonException(Type.TYPE_ERROR, message);
    }

    public static PythonException valueError(String message) {
        return new PythonException(Type.VALUE_ERROR, message);
    }

    public static PythonException overflow(String message) {
        return new PythonException(Type.OVERFLOW_ERROR, message);
    }

    public static PythonException limit(String message) {
        return new PythonException(Type.LIMIT, message);
    }
}
