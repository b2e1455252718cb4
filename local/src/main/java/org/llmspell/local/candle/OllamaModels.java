package org.llmspell.local.candle;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.json.JsonText;
import org.llmspell.local.store.StoredModel;

/**
 * The models that an Ollama on this machine has downloaded, used in place and never written to: {@code
 * manifests/HOST/NAMESPACE/MODEL/TAG} names the GGUF file in {@code blobs}. Nothing is kept in memory, since Ollama may change
 * it at any time; what is odd is passed over. Thread-safe.
 */
final class OllamaModels {
    private static final System.Logger LOG = System.getLogger(OllamaModels.class.getName());
    private static final String MODEL_LAYER = "application/vnd.ollama.image.model";
    private static final Pattern DIGEST = Pattern.compile("sha256[:-][0-9a-fA-F]{64}");
    private static final long LARGEST_MANIFEST = 4 << 20;

    private final List<Path> folders;

    /**
     * A view of the folders that exist of {@code folders}.
     *
     * @param folders where Ollama may keep its models, the first with a model of a name winning
     */
    OllamaModels(List<Path> folders) {
        this.folders = List.copyOf(folders);
    }

    /**
     * One model.
     *
     * @param id {@code MODEL:TAG}, {@code NAMESPACE/MODEL:TAG} or {@code HOST/NAMESPACE/MODEL:TAG}, as Ollama lists it
     * @param file the GGUF file
     */
    record Found(String id, Path file, long sizeBytes, Instant modifiedAt) {
        /** As a model of the store that has no manifest. */
        StoredModel stored() {
            int colon = id.lastIndexOf(':');
            return new StoredModel(
                    id.substring(0, colon),
                    id.substring(colon + 1),
                    List.of(file),
                    sizeBytes,
                    modifiedAt,
                    null,
                    true,
                    null,
                    null);
        }
    }

    /** All models; none where there is no Ollama. */
    List<Found> list() {
        List<Found> found = new ArrayList<>();
        for (Path folder : folders) {
            Path manifests = folder.resolve("manifests");
            if (!Files.isDirectory(manifests)) {
                continue;
            }
            try (Stream<Path> files = Files.find(manifests, 4, (path, attributes) -> attributes.isRegularFile())) {
                for (Path manifest : files.sorted().toList()) {
                    read(folder, manifests.relativize(manifest), manifest)
                            .filter(model -> found.stream().noneMatch(other -> other.id.equals(model.id)))
                            .ifPresent(found::add);
                }
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "cannot read " + manifests, e);
            }
        }
        return found;
    }

    /** The model that {@code spec} names, without a variant its tag {@code latest}. */
    Optional<Found> find(ModelSpec spec) {
        String id = spec.name() + ":" + (spec.variant() == null ? "latest" : spec.variant());
        return spec.isPath()
                ? Optional.empty()
                : list().stream().filter(model -> model.id.equalsIgnoreCase(id)).findFirst();
    }

    private static Optional<Found> read(Path folder, Path place, Path manifest) {
        if (place.getNameCount() != 4) {
            return Optional.empty();
        }
        try {
            if (Files.size(manifest) > LARGEST_MANIFEST) {
                return Optional.empty();
            }
            Map<String, ?> content = JsonText.parseObject(Files.readString(manifest, StandardCharsets.UTF_8));
            if (content.get("layers") instanceof List<?> layers) {
                for (Object layer : layers) {
                    if (layer instanceof Map<?, ?> map
                            && MODEL_LAYER.equals(map.get("mediaType"))
                            && map.get("digest") instanceof String digest
                            && DIGEST.matcher(digest).matches()) {
                        Path blob = folder.resolve("blobs")
                                .resolve("sha256-" + digest.substring(7).toLowerCase(Locale.ROOT));
                        return Files.isRegularFile(blob)
                                ? Optional.of(new Found(
                                        id(place),
                                        blob,
                                        Files.size(blob),
                                        Files.getLastModifiedTime(manifest).toInstant()))
                                : Optional.empty();
                    }
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            LOG.log(System.Logger.Level.DEBUG, "cannot use Ollama's manifest " + manifest, e);
        }
        return Optional.empty();
    }

    private static String id(Path place) {
        String host = place.getName(0).toString();
        String namespace = place.getName(1).toString();
        String name = place.getName(2) + ":" + place.getName(3);
        if (!host.equals("registry.ollama.ai")) {
            return host + "/" + namespace + "/" + name;
        }
        return namespace.equals("library") ? name : namespace + "/" + name;
    }
}
