package org.llmspell.local.download;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.download.TransferException.Cause;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.store.Sha256;

/**
 * An Ollama registry, asked without an Ollama server: finds the GGUF layer of a model by its manifest ({@code
 * /v2/NAMESPACE/MODEL/manifests/TAG}). Thread-safe.
 */
public final class OllamaRegistry {
    public static final String DEFAULT_ENDPOINT = "https://registry.ollama.ai";

    private static final int MAX_MANIFEST = 4 << 20;
    private static final String MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json";
    private static final String MODEL_LAYER = "application/vnd.ollama.image.model";

    /** Whatever names a file must look like this where it is read: a digest with dots and slashes is an attack. */
    private static final Pattern DIGEST = Pattern.compile("sha256[:-][0-9a-fA-F]{64}");

    private final Transport transport;
    private final URI endpoint;

    /**
     * A client.
     *
     * @param endpoint without a slash at its end
     */
    public OllamaRegistry(Transport transport, URI endpoint) {
        this.transport = transport;
        this.endpoint = endpoint;
    }

    /**
     * Finds a model's file.
     *
     * @param name {@code MODEL} or {@code NAMESPACE/MODEL}
     * @param tag null for {@code latest}
     * @throws TransferException if there is no such model, or it cannot be asked
     */
    public RemoteModel find(String name, @Nullable String tag) throws IOException, InterruptedException {
        String repository = name.contains("/") ? name : "library/" + name;
        String wanted = tag == null ? "latest" : tag;
        URI url = URI.create(endpoint + "/v2/" + repository + "/manifests/" + wanted);
        Answer<byte[]> answer = transport.getWhole(url, null, MANIFEST_TYPE, MAX_MANIFEST);
        Map<String, @Nullable Object> manifest;
        try {
            manifest = JsonText.parseObject(new String(answer.body(), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new TransferException(
                    Cause.DISHONEST, endpoint.getHost() + " does not answer as a registry does: " + e.getMessage());
        }
        if (manifest.get("layers") instanceof List<?> layers) {
            for (Object layer : layers) {
                if (layer instanceof Map<?, ?> map && MODEL_LAYER.equals(map.get("mediaType"))) {
                    return model(repository, wanted, map, answer.body());
                }
            }
        }
        throw new TransferException(
                Cause.NOT_FOUND,
                repository + ":" + wanted + " has no GGUF file that runs here (it may run in the cloud only)");
    }

    private RemoteModel model(String repository, String tag, Map<?, ?> layer, byte[] manifest)
            throws TransferException {
        if (!(layer.get("digest") instanceof String digest)
                || !DIGEST.matcher(digest).matches()) {
            throw new TransferException(
                    Cause.DISHONEST,
                    endpoint.getHost() + " names the model's file by something that is no SHA-256 digest");
        }
        if (!(layer.get("size") instanceof Long size) || size <= 0) {
            throw new TransferException(
                    Cause.DISHONEST, endpoint.getHost() + " does not say how long the model's file is");
        }
        String sha256 = digest.substring(7).toLowerCase(Locale.ROOT);
        URI url = URI.create(endpoint + "/v2/" + repository + "/blobs/sha256:" + sha256);
        RemoteFile file = new RemoteFile(url, size, sha256, null);
        return new RemoteModel(
                endpoint + "/" + repository + ":" + tag,
                "sha256:" + Sha256.of(manifest),
                tag,
                List.of(new RemoteModel.Part("model.gguf", file)));
    }
}
