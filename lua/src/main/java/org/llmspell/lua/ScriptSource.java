package org.llmspell.lua;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads a script's text: its bytes as they are, less a byte-order mark and a first line for the shell. */
final class ScriptSource {
    /** More is no script. */
    private static final int LARGEST = 64 << 20;

    private ScriptSource() {}

    /** @throws ScriptException of kind {@code UNREADABLE} */
    static byte[] read(Path script) {
        if (Files.isDirectory(script)) {
            throw unreadable(script + " is a folder, not a script");
        }
        if (Files.notExists(script)) {
            throw unreadable("No such script: " + script);
        }
        try (InputStream in = Files.newInputStream(script)) {
            byte[] bytes = in.readNBytes(LARGEST + 1);
            if (bytes.length > LARGEST) {
                throw unreadable(script + " is larger than a script may be (64 MiB)");
            }
            byte[] text = text(bytes);
            if (text.length > 0 && text[0] == 0x1b) {
                throw unreadable(script + " is compiled Lua, which is not run: give its source");
            }
            return text;
        } catch (IOException e) {
            throw unreadable(
                    "Cannot read the script " + script + ": " + e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }

    static byte[] text(byte[] bytes) {
        int start = bytes.length >= 3 && bytes[0] == (byte) 0xef && bytes[1] == (byte) 0xbb && bytes[2] == (byte) 0xbf
                ? 3
                : 0;
        if (start < bytes.length && bytes[start] == '#') {
            while (start < bytes.length
                    && bytes[start] != '\n') { // the newline stays, so that lines keep their numbers
                start++;
            }
        }
        return start == 0 ? bytes : Arrays.copyOfRange(bytes, start, bytes.length);
    }

    private static ScriptException unreadable(String message) {
        return new ScriptException(ScriptException.Kind.UNREADABLE, message, null, null);
    }
}
