package org.llmspell.lua.globals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.llmspell.lua.vm.LuaFault;

/**
 * Standard input with the read formats of Lua's io library, read on a thread of its own so that a script waiting for a
 * line can be stopped; what then still arrives is kept for the next read. Nothing is read before it is asked for, though
 * up to 8 KiB more at once.
 */
final class ScriptInput implements AutoCloseable {
    /** As in Lua: a longer numeral is none. */
    private static final int LONGEST_NUMERAL = 200;

    private final InputStream in;
    private final Waiting waiting;
    private final long most;
    private final byte[] buffer = new byte[8192];
    private int position;
    private int end;
    private @Nullable ExecutorService reader;
    private @Nullable Future<Integer> pending;

    /** @param most the most bytes that one read may give; the rest is an error */
    ScriptInput(InputStream in, Waiting waiting, long most) {
        this.in = in;
        this.waiting = waiting;
        this.most = most;
    }

    /** A line, with its newline if {@code keepEnd}; null at the end. */
    byte @Nullable [] line(boolean keepEnd) throws Exception {
        if (peek() < 0) {
            return null;
        }
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (peek() >= 0) {
            int newline = position;
            while (newline < end && buffer[newline] != '\n') {
                newline++;
            }
            take(line, newline - position);
            if (position < end) {
                position++;
                if (keepEnd) {
                    line.write('\n');
                }
                break;
            }
        }
        return line.toByteArray();
    }

    /** All the rest; empty at the end. */
    byte[] all() throws Exception {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (peek() >= 0) {
            take(all, end - position);
        }
        return all.toByteArray();
    }

    /** At most {@code count} bytes; null at the end, also for a count of 0. */
    byte @Nullable [] bytes(long count) throws Exception {
        if (peek() < 0) {
            return null;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (bytes.size() < count && peek() >= 0) {
            take(bytes, (int) Math.min(end - position, count - bytes.size()));
        }
        return bytes.toByteArray();
    }

    /** The longest prefix that could begin a numeral, white space skipped; whether it is one is for Lua to say. */
    String numeral() throws Exception {
        while (isSpace(peek())) {
            position++;
        }
        StringBuilder text = new StringBuilder();
        accept(text, "+-");
        boolean hex = false;
        int digits = 0;
        if (accept(text, "0")) {
            if (accept(text, "xX")) {
                hex = true;
            } else {
                digits = 1;
            }
        }
        String alphabet = hex ? "0123456789abcdefABCDEF" : "0123456789";
        digits += acceptAll(text, alphabet);
        if (accept(text, ".")) {
            digits += acceptAll(text, alphabet);
        }
        if (digits > 0 && accept(text, hex ? "pP" : "eE")) {
            accept(text, "+-");
            acceptAll(text, "0123456789");
        }
        return text.length() >= LONGEST_NUMERAL ? "" : text.toString();
    }

    private boolean accept(StringBuilder text, String wanted) throws Exception {
        int next = peek();
        if (next < 0 || wanted.indexOf(next) < 0 || text.length() >= LONGEST_NUMERAL) {
            return false;
        }
        text.append((char) next);
        position++;
        return true;
    }

    private int acceptAll(StringBuilder text, String wanted) throws Exception {
        int count = 0;
        while (accept(text, wanted)) {
            count++;
        }
        return count;
    }

    private static boolean isSpace(int c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }

    private void take(ByteArrayOutputStream into, int count) {
        if (into.size() + (long) count > most) {
            throw new LuaFault("not enough memory");
        }
        into.write(buffer, position, count);
        position += count;
    }

    /** The next byte, which stays, or −1 at the end. The end is not final: on a terminal more may follow. */
    private int peek() throws Exception {
        if (position == end) {
            int count = waiting.during(() -> {}, this::fill);
            if (count < 0) {
                return -1;
            }
            position = 0;
            end = count;
        }
        return buffer[position] & 0xff;
    }

    private int fill() throws Exception {
        Future<Integer> read = pending;
        if (read == null) {
            if (in.available() > 0) {
                return in.read(buffer);
            }
            if (reader == null) {
                reader = Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("llmspell-stdin").factory());
            }
            read = reader.submit(() -> {
                int count;
                do {
                    count = in.read(buffer);
                } while (count == 0);
                return count;
            });
            pending = read;
        }
        try {
            int count = read.get();
            pending = null;
            return count;
        } catch (ExecutionException e) {
            pending = null;
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        }
    }

    @Override
    public void close() {
        if (reader != null) {
            reader.shutdownNow();
        }
    }
}
