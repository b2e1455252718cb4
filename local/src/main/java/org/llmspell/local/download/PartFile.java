package org.llmspell.local.download;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import org.llmspell.local.store.Sha256;

/**
 * A download in progress on disk: {@code NAME.part} holds the bytes, {@code NAME.part.state} which units of it are whole. A unit
 * is marked after its bytes were written, so that whatever kills the process, what is marked is there; what is not marked
 * is fetched again. Thread-safe.
 *
 * <p>The state is: 8 bytes magic, 32 bytes SHA-256 of what identifies the remote file, then a bit per unit. A state that
 * belongs to another file (the model was replaced on the server) or makes no sense is thrown away with its part.
 */
final class PartFile implements AutoCloseable {
    /** What a kill can cost per connection. */
    static final int UNIT = 1 << 20;

    private static final byte[] MAGIC = "LSPART1\n".getBytes(StandardCharsets.US_ASCII);
    private static final int HEADER = MAGIC.length + 32;

    private final Path target;
    private final long size;
    private final FileChannel data;
    private final FileChannel state;
    private final BitSet done;
    private final BitSet claimed = new BitSet();
    private final int units;
    private final boolean resumed;

    private PartFile(Path target, long size, FileChannel data, FileChannel state, BitSet done) {
        this.target = target;
        this.size = size;
        this.data = data;
        this.state = state;
        this.done = done;
        this.units = units(size);
        this.resumed = !done.isEmpty();
    }

    /** Continues an earlier download of the same file, or begins one. */
    static PartFile open(Path target, RemoteFile remote) throws IOException {
        int units = units(remote.size());
        byte[] identity = identity(remote);
        Path statePath = statePath(target);
        FileChannel data = FileChannel.open(
                partPath(target), StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        try {
            FileChannel state = FileChannel.open(
                    statePath, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
            try {
                ByteBuffer bytes = ByteBuffer.allocate(HEADER + (units + 7) / 8);
                while (bytes.hasRemaining() && state.read(bytes, bytes.position()) >= 0) {}
                boolean same = !bytes.hasRemaining()
                        && Arrays.equals(bytes.array(), 0, HEADER, identity, 0, HEADER)
                        && state.size() == bytes.capacity()
                        && data.size() <= remote.size();
                BitSet done = new BitSet();
                if (same) {
                    bytes.position(HEADER);
                    done = BitSet.valueOf(bytes);
                    // What lies past the end of the data cannot be whole, whatever the state says.
                    int whole = data.size() == remote.size() ? units : (int) (data.size() / UNIT);
                    done.clear(whole, Math.max(whole, done.length()));
                } else {
                    data.truncate(0);
                    state.truncate(0);
                    ByteBuffer fresh = ByteBuffer.allocate(bytes.capacity()).put(identity);
                    writeFully(state, fresh.rewind(), 0);
                }
                return new PartFile(target, remote.size(), data, state, done);
            } catch (IOException | RuntimeException e) {
                state.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            data.close();
            throw e;
        }
    }

    /** Whether an earlier process left something that is used. */
    boolean isResumed() {
        return resumed;
    }

    /** Bytes that are whole. */
    synchronized long bytesDone() {
        long bytes = (long) done.cardinality() * UNIT;
        return done.get(units - 1) ? bytes - ((long) units * UNIT - size) : bytes;
    }

    synchronized boolean isComplete() {
        return done.cardinality() == units;
    }

    /** Bytes from the beginning on without a gap. */
    synchronized long prefix() {
        return Math.min(size, (long) done.nextClearBit(0) * UNIT);
    }

    /**
     * Takes a range that nobody has taken, of at most {@code most} bytes.
     *
     * @return its first byte and the byte after its last, or an empty array if nothing is left to take
     */
    synchronized long[] claim(long most) {
        BitSet taken = (BitSet) done.clone();
        taken.or(claimed);
        int first = taken.nextClearBit(0);
        if (first >= units) {
            return new long[0];
        }
        int end = taken.nextSetBit(first);
        if (end < 0) {
            end = units;
        }
        end = (int) Math.min(end, first + Math.max(1, most / UNIT));
        claimed.set(first, end);
        return new long[] {(long) first * UNIT, Math.min(size, (long) end * UNIT)};
    }

    /** Gives back what was taken and not finished. */
    synchronized void release(long[] range) {
        claimed.clear((int) (range[0] / UNIT), (int) ((range[1] + UNIT - 1) / UNIT));
    }

    /** Writes all of {@code bytes} at {@code position}. */
    void write(ByteBuffer bytes, long position) throws IOException {
        writeFully(data, bytes, position);
    }

    /** Marks the units that lie wholly within the written bytes {@code from} to {@code to}. */
    synchronized void written(long from, long to) throws IOException {
        int first = (int) ((from + UNIT - 1) / UNIT);
        int end = to == size ? units : (int) (to / UNIT);
        if (first >= end || done.nextClearBit(first) >= end) {
            return;
        }
        done.set(first, end);
        int firstByte = first / 8;
        int endByte = (end + 7) / 8;
        byte[] all = Arrays.copyOf(done.toByteArray(), endByte);
        writeFully(state, ByteBuffer.wrap(all, firstByte, endByte - firstByte), HEADER + firstByte);
        notifyAll();
    }

    /** Waits until more than {@code position} bytes are there without a gap, or {@code millis} are over. */
    synchronized void awaitPrefix(long position, long millis) throws InterruptedException {
        long deadline = System.nanoTime() + millis * 1_000_000;
        for (long left = millis; prefix() <= position && left > 0; left = (deadline - System.nanoTime()) / 1_000_000) {
            wait(left);
        }
    }

    int read(ByteBuffer into, long position) throws IOException {
        return data.read(into, position);
    }

    /** Puts the complete file in its place, atomically. */
    void complete() throws IOException {
        close();
        Files.move(partPath(target), target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Files.deleteIfExists(statePath(target));
    }

    /** Throws away what was fetched. */
    void discard() throws IOException {
        close();
        Files.deleteIfExists(statePath(target));
        Files.deleteIfExists(partPath(target));
    }

    @Override
    public void close() throws IOException {
        try (data;
                state) {
            // Both are closed, the second also if the first fails.
        }
    }

    static Path partPath(Path target) {
        return target.resolveSibling(target.getFileName() + ".part");
    }

    static Path statePath(Path target) {
        return target.resolveSibling(target.getFileName() + ".part.state");
    }

    private static int units(long size) {
        return Math.toIntExact((size + UNIT - 1) / UNIT);
    }

    /** The hash identifies a file wherever it lies; without one its address and size must do. */
    private static byte[] identity(RemoteFile remote) {
        String what = remote.sha256() == null
                ? remote.url().getHost() + remote.url().getPath() + " " + remote.size()
                : remote.sha256() + " " + remote.size();
        byte[] hash = Sha256.digest().digest(what.getBytes(StandardCharsets.UTF_8));
        return ByteBuffer.allocate(HEADER).put(MAGIC).put(hash).array();
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }
}
