package org.llmspell.gguf;

import java.io.IOException;
import java.util.Objects;

/**
 * A file that cannot be read as GGUF, or metadata that is not what the caller needs. The message is one line: the file,
 * what is wrong and where (byte offset, metadata key or tensor); text taken from the file is shortened and cleared of
 * control characters.
 */
public final class GgufException extends IOException {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST_QUOTE = 80;

    private final String file;

    /**
     * @param file the file as the user knows it
     * @param problem what is wrong with it, one line
     */
    public GgufException(String file, String problem) {
        super(oneLine(file) + ": " + oneLine(problem));
        this.file = file;
    }

    /** The file at fault, as the user knows it. */
    public String file() {
        return file;
    }

    /** The whole line; never null, unlike that of other exceptions. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    /** Text from a file in quotes, cut at a readable length: hostile names reach megabytes. */
    static String quote(String text) {
        String shown = text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "…";
        return "'" + oneLine(shown) + "'";
    }

    private static String oneLine(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            int kind = Character.getType(c);
            boolean invisible = Character.isISOControl(c)
                    || kind == Character.LINE_SEPARATOR
                    || kind == Character.PARAGRAPH_SEPARATOR
                    || kind == Character.FORMAT
                    || kind == Character.SURROGATE;
            line.appendCodePoint(invisible ? '?' : c);
        });
        return line.toString();
    }
}
