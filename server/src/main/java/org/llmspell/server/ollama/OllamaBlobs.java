package org.llmspell.server.ollama;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.store.Sha256;
import org.llmspell.server.api.Catalog;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.HttpFailure;
import org.llmspell.server.http.Upload;

/**
 * Files that clients send to make models of: {@code HEAD} and {@code POST /api/blobs/DIGEST}. They lie in {@code .blobs} of the
 * model directory under their digest, appear there when they are whole and their digest is right, and are deleted
 * after a day: the models made of them have them by then. Thread-safe.
 */
final class OllamaBlobs {
    private static final Pattern DIGEST = Pattern.compile("sha256[:-][0-9a-fA-F]{64}");
    private static final String PREFIX = "/api/blobs/";
    private static final Duration KEPT = Duration.ofDays(1);
    /** Left free on the disk whatever a client sends. */
    private static final long SPARE = 256L << 20;

    private final Catalog catalog;

    OllamaBlobs(Catalog catalog) {
        this.catalog = catalog;
    }

    /**
     * The hexadecimal digits of a digest.
     *
     * @throws HttpFailure 400 for anything else, so that no digest becomes another path
     */
    static String hex(@Nullable String digest) {
        if (digest == null || !DIGEST.matcher(digest).matches()) {
            throw new HttpFailure(400, "invalid digest format");
        }
        return digest.substring(7).toLowerCase(Locale.ROOT);
    }

    void head(Exchange exchange) {
        exchange.empty(find(hex(exchange.path().substring(PREFIX.length()))).isPresent() ? 200 : 404);
    }

    /** The file of that digest, if it is there. */
    Optional<Path> find(String hex) {
        Path file = folder().resolve("sha256-" + hex);
        return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
    }

    private Path folder() {
        return catalog.candle()
                .orElseThrow(() -> new HttpFailure(400, "the embedded backend is disabled in the configuration"))
                .store()
                .directory()
                .resolve(".blobs");
    }

    void receive(Exchange exchange) throws IOException, InterruptedException {
        String hex = hex(exchange.path().substring(PREFIX.length()));
        Path folder = folder();
        Files.createDirectories(folder);
        deleteOld(folder);
        Path part = Files.createTempFile(folder, "part-", "");
        try {
            String got = write(exchange.upload(), part);
            if (!got.equals(hex)) {
                throw new HttpFailure(400, "digest mismatch, expected sha256:" + hex + ", got sha256:" + got);
            }
            Files.move(part, folder.resolve("sha256-" + hex), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
        exchange.empty(201);
    }

    private static String write(Upload upload, Path part) throws IOException, InterruptedException {
        MessageDigest digest = Sha256.digest();
        checkSpace(part, Math.max(0, upload.announced()));
        long sinceCheck = 0;
        try (OutputStream out = Files.newOutputStream(part)) {
            for (byte[] piece = upload.next(); piece != null; piece = upload.next()) {
                out.write(piece);
                digest.update(piece);
                sinceCheck += piece.length;
                if (sinceCheck > SPARE / 4) {
                    checkSpace(part, 0);
                    sinceCheck = 0;
                }
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void checkSpace(Path file, long needed) throws IOException {
        if (Files.getFileStore(file).getUsableSpace() - needed < SPARE) {
            throw new HttpFailure(507, "not enough space on the server's disk");
        }
    }

    private static void deleteOld(Path folder) throws IOException {
        Instant oldest = Instant.now().minus(KEPT);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(oldest)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
