package org.llmspell.local.candle;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelEntry;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.store.Sha256;
import org.llmspell.local.store.StoredModel;

/**
 * The model that travels in the program itself, so that scripts run where nothing is installed. Models are mapped from
 * files, so it is copied out of the jar when first used: once for all processes into the model directory or, where that
 * cannot be written, into a temporary folder that goes with this object. Thread-safe.
 */
final class BuiltInModel implements AutoCloseable {
    /** Its folder in the model directory; hidden, so that it is not taken for an installed model. */
    static final String FOLDER = ".built-in";

    private static final System.Logger LOG = System.getLogger(BuiltInModel.class.getName());
    private static final String RESOURCE = "apprentice.gguf";
    private static final String FACTS = "apprentice.properties";

    private final Facts facts;
    private final Content content;
    private final Path folder;
    private final Path temporary;
    private @Nullable Path file;
    private boolean passing;

    /**
     * What is known of it without opening it.
     *
     * @param name as scripts address it
     * @param quantization also its variant
     * @param sha256 of the file, in lower-case hexadecimal
     * @param trainedAt shown as the time of its last change
     */
    record Facts(String name, String quantization, long sizeBytes, String sha256, Instant trainedAt) {
        private static Facts read() {
            Properties properties = new Properties();
            try (InputStream in = BuiltInModel.class.getResourceAsStream(FACTS)) {
                if (in == null) {
                    throw new IllegalStateException(FACTS + " is missing from this build");
                }
                properties.load(in);
            } catch (IOException e) {
                throw new IllegalStateException(FACTS + " cannot be read", e);
            }
            return new Facts(
                    value(properties, "name"),
                    value(properties, "quantization"),
                    Long.parseLong(value(properties, "size_bytes")),
                    value(properties, "sha256"),
                    Instant.parse(value(properties, "trained_at")));
        }

        private static String value(Properties properties, String key) {
            String value = properties.getProperty(key);
            if (value == null) {
                throw new IllegalStateException(FACTS + " does not say " + key);
            }
            return value;
        }
    }

    /** Where its bytes are; a seam for tests. */
    @FunctionalInterface
    interface Content {
        byte[] read() throws IOException;
    }

    /**
     * The model of this build.
     *
     * @param modelDirectory where to keep the file; need not exist
     */
    BuiltInModel(Path modelDirectory) {
        this(Facts.read(), BuiltInModel::resource, modelDirectory, Path.of(System.getProperty("java.io.tmpdir")));
    }

    BuiltInModel(Facts facts, Content content, Path modelDirectory, Path temporary) {
        this.facts = facts;
        this.content = content;
        this.folder = modelDirectory.resolve(FOLDER);
        this.temporary = temporary;
    }

    private static byte[] resource() throws IOException {
        try (InputStream in = BuiltInModel.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IOException("it is missing from this build");
            }
            return in.readAllBytes();
        }
    }

    String name() {
        return facts.name;
    }

    /** Whether {@code spec} names it, with its variant or none. */
    boolean isMeant(ModelSpec spec) {
        return !spec.isPath()
                && spec.name().equalsIgnoreCase(facts.name)
                && (spec.variant() == null || spec.variant().equalsIgnoreCase(facts.quantization));
    }

    /** As a listing shows it; nothing is copied for that. */
    ModelEntry entry(String backend) {
        return new ModelEntry(facts.name, backend, facts.sizeBytes, facts.quantization, facts.trainedAt, false, true);
    }

    /** As a model of the store that has no manifest. */
    StoredModel stored() {
        return new StoredModel(
                facts.name,
                facts.quantization,
                List.of(file()),
                facts.sizeBytes,
                facts.trainedAt,
                facts.quantization,
                false,
                null,
                null);
    }

    String sha256() {
        return facts.sha256;
    }

    /**
     * Its file, whole and verified by SHA-256 when this object first needed it.
     *
     * @throws LocalModelException of kind {@code STORE} if it can be written nowhere, {@code MODEL_UNUSABLE} if this
     *     build's copy is damaged
     */
    synchronized Path file() {
        Path known = file;
        if (known == null || !Files.isRegularFile(known)) {
            known = copy();
            file = known;
        }
        return known;
    }

    private Path copy() {
        Path kept = folder.resolve(facts.name + "-" + facts.sha256.substring(0, 16) + ".gguf");
        if (isWhole(kept)) {
            return kept;
        }
        byte[] bytes = verified();
        try {
            Files.createDirectories(folder);
            write(bytes, kept);
            return kept;
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "cannot keep the built-in model in " + folder, e);
            return copyForNow(bytes, e);
        }
    }

    private Path copyForNow(byte[] bytes, IOException first) {
        Path made = null;
        try {
            // Nobody but this user may enter it, as Files makes temporary folders.
            made = Files.createTempDirectory(temporary, "llmspell-");
            Path copy = made.resolve(RESOURCE);
            Files.write(copy, bytes);
            passing = true;
            return copy;
        } catch (IOException e) {
            delete(made);
            e.addSuppressed(first);
            throw new LocalModelException(
                    LocalModelException.Kind.STORE,
                    "The built-in model " + facts.name + " needs " + Math.ceilDiv(facts.sizeBytes, 1_000_000)
                            + " MB of disk, and neither " + folder + " nor " + temporary + " can be written",
                    "cannot write: " + first.getMessage() + "; " + e.getMessage(),
                    List.of(
                            "Check the permissions and the free space of both",
                            "Name another folder: model_directory under [providers.candle.options] in the"
                                    + " configuration, or the variable LLMSPELL_MODEL_DIR"),
                    e);
        }
    }

    private boolean isWhole(Path kept) {
        try {
            return Files.isRegularFile(kept)
                    && Files.size(kept) == facts.sizeBytes
                    && Sha256.of(kept).equals(facts.sha256);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "cannot read " + kept, e);
            return false;
        }
    }

    private byte[] verified() {
        try {
            byte[] bytes = content.read();
            if (Sha256.of(bytes).equals(facts.sha256)) {
                return bytes;
            }
            throw damaged(new IOException("its SHA-256 is another"));
        } catch (IOException e) {
            throw damaged(e);
        }
    }

    private LocalModelException damaged(IOException e) {
        return new LocalModelException(
                LocalModelException.Kind.MODEL_UNUSABLE,
                "The built-in model " + facts.name + " is damaged in this copy of LLMSpell: " + e.getMessage(),
                null,
                List.of("Install LLMSpell again, or build it again from a clean clone"),
                e);
    }

    /** In one move, so that no kill leaves half a file and processes that start together do not disturb each other. */
    private static void write(byte[] bytes, Path target) throws IOException {
        Path partial = target.resolveSibling(
                target.getFileName() + "." + ProcessHandle.current().pid() + "-" + System.nanoTime() + ".part");
        try {
            try (FileChannel out = FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    out.write(buffer);
                }
                out.force(true);
            }
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    /** Deletes what would be of no use to another process. */
    @Override
    public synchronized void close() {
        if (passing && file != null) {
            delete(file);
            delete(file.getParent());
            file = null;
            passing = false;
        }
    }

    private static void delete(@Nullable Path path) {
        if (path != null) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException inUse) {
                LOG.log(System.Logger.Level.DEBUG, "cannot delete " + path, inUse);
                path.toFile().deleteOnExit(); // Windows keeps mapped files
            }
        }
    }
}
