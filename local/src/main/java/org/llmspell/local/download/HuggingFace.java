package org.llmspell.local.download;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.Nearest;
import org.llmspell.local.download.TransferException.Cause;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.store.KnownModel;
import org.llmspell.local.store.ModelFileName;

/**
 * The Hugging Face Hub, or a mirror of it: finds the files of a model with their sizes and SHA-256 by the Hub's interface
 * ({@code /api/models/REPO/revision/REV} and {@code /tree/COMMIT}), pinned to one commit. Thread-safe.
 */
public final class HuggingFace {
    public static final String DEFAULT_ENDPOINT = "https://huggingface.co";

    /** A listing of a thousand files takes about 400 KB. */
    private static final int MAX_LISTING = 16 << 20;

    private static final int MAX_PAGES = 100;
    private static final Pattern NEXT_PAGE = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"?next\"?");
    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    private final Transport transport;
    private final URI endpoint;
    private final @Nullable String token;

    /**
     * A client.
     *
     * @param endpoint without a slash at its end
     * @param token of the user, null for none
     */
    public HuggingFace(Transport transport, URI endpoint, @Nullable String token) {
        this.transport = transport;
        this.endpoint = endpoint;
        this.token = token;
    }

    private record Listed(String path, long size, @Nullable String sha256) {}

    /**
     * Finds the files of one variant.
     *
     * @param repository {@code USER/REPO}
     * @param wanted a quantization in any case, a {@code .gguf} file, or null for what the Hub itself would take: Q4_K_M, else
     *     the nearest to it
     * @param revision a branch, tag or commit; null for the main branch
     * @throws TransferException if there is no such thing, or it cannot be asked
     */
    public RemoteModel find(String repository, @Nullable String wanted, @Nullable String revision)
            throws IOException, InterruptedException {
        String commit = commit(repository, revision == null ? "main" : revision);
        Map<String, List<Listed>> variants = variants(list(repository, commit));
        if (variants.isEmpty()) {
            throw new TransferException(Cause.NOT_FOUND, repository + " holds no GGUF file");
        }
        String variant = wanted == null ? usual(variants) : wanted;
        List<Listed> files = variants.get(variant.toUpperCase(Locale.ROOT));
        if (files == null) {
            files = byFile(variants, variant);
        }
        if (files == null) {
            throw new TransferException(
                    Cause.NOT_FOUND,
                    repository + " has no " + variant + Nearest.hint(variant, variants.keySet()) + "; it has "
                            + String.join(", ", variants.keySet()));
        }
        List<RemoteModel.Part> parts = new ArrayList<>();
        for (Listed file : files) {
            URI url = URI.create(endpoint + "/" + repository + "/resolve/" + commit + "/" + encode(file.path));
            parts.add(new RemoteModel.Part(fileName(file.path), new RemoteFile(url, file.size, file.sha256, token)));
        }
        String label = ModelFileName.of(parts.getFirst().name()).quantization();
        return new RemoteModel(endpoint + "/" + repository, commit, label == null ? variant : label, parts);
    }

    private String commit(String repository, String revision) throws IOException, InterruptedException {
        Map<String, @Nullable Object> model =
                object(get(URI.create(endpoint + "/api/models/" + repository + "/revision/" + encode(revision))));
        if (model.get("sha") instanceof String sha && COMMIT.matcher(sha).matches()) {
            return sha;
        }
        throw new TransferException(Cause.DISHONEST, endpoint.getHost() + " names no commit for " + repository);
    }

    private List<Listed> list(String repository, String commit) throws IOException, InterruptedException {
        List<Listed> files = new ArrayList<>();
        URI page = URI.create(endpoint + "/api/models/" + repository + "/tree/" + commit + "?recursive=true");
        for (int i = 0; i < MAX_PAGES; i++) {
            Answer<byte[]> answer = get(page);
            try {
                if (JsonText.parse(new String(answer.body(), StandardCharsets.UTF_8)) instanceof List<?> entries) {
                    entries.forEach(entry -> add(files, entry));
                }
            } catch (IllegalArgumentException e) {
                throw notJson(e);
            }
            Matcher next = NEXT_PAGE.matcher(answer.headers().firstValue("Link").orElse(""));
            if (!next.find()) {
                return files;
            }
            page = page.resolve(next.group(1));
        }
        throw new TransferException(Cause.DISHONEST, endpoint.getHost() + " lists files without end");
    }

    private static void add(List<Listed> files, @Nullable Object entry) {
        if (!(entry instanceof Map<?, ?> file)
                || !"file".equals(file.get("type"))
                || !(file.get("path") instanceof String path)
                || !(file.get("size") instanceof Long size)
                || size <= 0
                || !ModelFileName.isGguf(path)) {
            return;
        }
        String name = fileName(path).toLowerCase(Locale.ROOT);
        // What stands beside models in their repositories and is none.
        if (name.startsWith("mmproj") || name.contains("imatrix") || !harmless(path)) {
            return;
        }
        String sha256 = file.get("lfs") instanceof Map<?, ?> lfs && lfs.get("oid") instanceof String oid ? oid : null;
        boolean sound = sha256 != null && SHA_256.matcher(sha256).matches();
        files.add(new Listed(path, size, sound ? sha256 : null));
    }

    /** The repository's models by quantization, in its own order; a split one with all its parts or not at all. */
    private static Map<String, List<Listed>> variants(List<Listed> files) {
        Map<String, TreeMap<Integer, Listed>> models = new LinkedHashMap<>();
        files.sort(Comparator.comparing(Listed::path));
        for (Listed file : files) {
            ModelFileName name = ModelFileName.of(fileName(file.path));
            String stem = file.path.substring(0, file.path.lastIndexOf('/') + 1) + name.base() + " "
                    + name.quantization() + " " + name.parts();
            models.computeIfAbsent(stem, s -> new TreeMap<>()).put(name.part(), file);
        }
        Map<String, List<Listed>> variants = new LinkedHashMap<>();
        models.values().forEach(parts -> {
            ModelFileName name = ModelFileName.of(fileName(parts.firstEntry().getValue().path));
            if (parts.size() == name.parts()) {
                String label = name.quantization() == null ? name.base().toUpperCase(Locale.ROOT) : name.quantization();
                variants.putIfAbsent(label, List.copyOf(parts.values()));
            }
        });
        return variants;
    }

    private static @Nullable List<Listed> byFile(Map<String, List<Listed>> variants, String file) {
        String wanted = file.toLowerCase(Locale.ROOT);
        for (List<Listed> parts : variants.values()) {
            for (Listed part : parts) {
                if (part.path.toLowerCase(Locale.ROOT).equals(wanted)
                        || fileName(part.path).toLowerCase(Locale.ROOT).equals(wanted)) {
                    return parts;
                }
            }
        }
        return null;
    }

    /** Q4_K_M, as the Hub itself takes it; else what is nearest to it in size and quality. */
    private static String usual(Map<String, List<Listed>> variants) {
        for (String variant : List.of(
                KnownModel.DEFAULT_VARIANT, "Q4_K_S", "Q4_0", "Q5_K_M", "IQ4_XS", "Q5_K_S", "Q6_K", "Q8_0", "MXFP4")) {
            if (variants.containsKey(variant)) {
                return variant;
            }
        }
        return variants.keySet().iterator().next();
    }

    private Answer<byte[]> get(URI url) throws TransferException, InterruptedException {
        try {
            return transport.getWhole(url, token, "application/json", MAX_LISTING);
        } catch (TransferException e) {
            throw e.reason() == Cause.UNAUTHORIZED ? gated(e) : e;
        }
    }

    private TransferException gated(TransferException e) {
        return new TransferException(
                Cause.UNAUTHORIZED,
                e.getMessage()
                        + (token == null
                                ? ": the model is private, gated or not there"
                                : ": the token does not give access to this model"),
                null,
                e);
    }

    private Map<String, @Nullable Object> object(Answer<byte[]> answer) throws TransferException {
        try {
            return JsonText.parseObject(new String(answer.body(), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw notJson(e);
        }
    }

    private TransferException notJson(IllegalArgumentException e) {
        return new TransferException(
                Cause.DISHONEST, endpoint.getHost() + " does not answer as the Hub does: " + e.getMessage());
    }

    private static String fileName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** Whether every step of the path is a plain name: it becomes a file's name here. */
    private static boolean harmless(String path) {
        for (String step : path.split("/", -1)) {
            if (!step.matches("[A-Za-z0-9_][A-Za-z0-9_.+ -]*") || step.length() > 200) {
                return false;
            }
        }
        return true;
    }

    private static String encode(String path) {
        List<String> steps = new ArrayList<>();
        for (String step : path.split("/", -1)) {
            steps.add(URLEncoder.encode(step, StandardCharsets.UTF_8).replace("+", "%20"));
        }
        return String.join("/", steps);
    }
}
