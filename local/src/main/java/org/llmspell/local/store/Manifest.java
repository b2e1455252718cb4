package org.llmspell.local.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.json.JsonText;

/**
 * The small file beside a model's files that says where they came from and what they must be.
 *
 * @param name of the model
 * @param variant of the model
 * @param source the path that was imported, or the repository or registry that it was downloaded from
 * @param revision the commit or digest at the source, if it has such
 * @param origin how it came
 * @param quantization as read from the file when it was installed, if it said so
 * @param installedAt when
 * @param files the model's files, parts of a split one in their order; at least one
 */
public record Manifest(
        String name,
        String variant,
        String source,
        @Nullable String revision,
        Origin origin,
        @Nullable String quantization,
        Instant installedAt,
        List<Entry> files) {
    /** Its name in the model's folder. */
    public static final String FILE_NAME = "manifest.json";

    private static final int FORMAT = 1;
    private static final long LARGEST = 1 << 20;
    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");

    /** How a model's files came to the store. */
    public enum Origin {
        /** Copied from elsewhere on this machine. */
        COPIED,
        /** A hard or symbolic link to files elsewhere on this machine. */
        LINKED,
        /** Fetched over the network. */
        DOWNLOADED
    }

    /**
     * One file.
     *
     * @param name in the model's folder
     * @param sizeBytes its length
     * @param sha256 of its content, in lower-case hexadecimal
     */
    public record Entry(String name, long sizeBytes, String sha256) {}

    public Manifest {
        files = List.copyOf(files);
    }

    /** As JSON, for people to read too. */
    String toJson() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("name", name);
        json.put("variant", variant);
        json.put("source", source);
        json.put("revision", revision);
        json.put("origin", origin.name().toLowerCase(java.util.Locale.ROOT));
        json.put("quantization", quantization);
        json.put("installed_at", installedAt.toString());
        List<Map<String, @Nullable Object>> entries = new ArrayList<>();
        for (Entry file : files) {
            Map<String, @Nullable Object> entry = new LinkedHashMap<>();
            entry.put("name", file.name());
            entry.put("size_bytes", file.sizeBytes());
            entry.put("sha256", file.sha256());
            entries.add(entry);
        }
        json.put("files", entries);
        return JsonText.pretty(json) + "\n";
    }

    /**
     * Reads a manifest, trusting nothing in it.
     *
     * @throws IOException if it cannot be read or is not one, saying what is wrong
     */
    static Manifest read(Path file) throws IOException {
        if (Files.size(file) > LARGEST) {
            throw new IOException("larger than " + LARGEST + " bytes");
        }
        Object json;
        try {
            json = JsonText.parse(Files.readString(file, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new IOException("not JSON", e);
        }
        if (!(json instanceof Map<?, ?> map)) {
            throw new IOException("not a JSON object");
        }
        if (!(map.get("format") instanceof Number format) || format.intValue() != FORMAT) {
            throw new IOException("of another format than " + FORMAT);
        }
        if (!(map.get("files") instanceof List<?> list) || list.isEmpty()) {
            throw new IOException("without files");
        }
        List<Entry> files = new ArrayList<>();
        for (Object element : list) {
            if (!(element instanceof Map<?, ?> entry)
                    || !(entry.get("size_bytes") instanceof Number size)
                    || size.longValue() < 0) {
                throw new IOException("with a malformed file entry");
            }
            files.add(new Entry(fileName(text(entry, "name")), size.longValue(), sha256(text(entry, "sha256"))));
        }
        return new Manifest(
                text(map, "name"),
                text(map, "variant"),
                text(map, "source"),
                map.get("revision") instanceof String revision ? revision : null,
                origin(text(map, "origin")),
                map.get("quantization") instanceof String quantization ? quantization : null,
                instant(text(map, "installed_at")),
                files);
    }

    private static String text(Map<?, ?> map, String key) throws IOException {
        if (map.get(key) instanceof String text) {
            return text;
        }
        throw new IOException("without \"" + key + "\"");
    }

    private static String fileName(String name) throws IOException {
        if (!ModelFileName.isGguf(name)
                || name.indexOf('/') >= 0
                || name.indexOf('\\') >= 0
                || name.indexOf('\0') >= 0) {
            throw new IOException("naming a file outside its folder");
        }
        return name;
    }

    private static String sha256(String digest) throws IOException {
        if (!SHA_256.matcher(digest).matches()) {
            throw new IOException("with a malformed SHA-256");
        }
        return digest;
    }

    private static Origin origin(String name) throws IOException {
        for (Origin origin : Origin.values()) {
            if (origin.name().equalsIgnoreCase(name)) {
                return origin;
            }
        }
        throw new IOException("with an unknown origin");
    }

    private static Instant instant(String text) throws IOException {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new IOException("with a malformed time", e);
        }
    }
}
