package org.llmspell.local.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.Nearest;
import org.llmspell.local.Quoted;

/**
 * The models on disk: {@code DIRECTORY/NAME/VARIANT/} with the GGUF files and a {@link Manifest}, and GGUF files that
 * somebody dropped anywhere into the directory. Nothing is kept in memory: other processes may change it at any time.
 * Thread-safe. All methods throw {@link LocalModelException}.
 */
public final class ModelStore {
    static final String STAGING = ".staging";
    private static final String LOCKS = ".locks";

    private final Path directory;
    private final DiskSpace space;

    /** How much can be written; a seam for tests. */
    @FunctionalInterface
    interface DiskSpace {
        /** Bytes that this process may write on the file system of {@code folder}, which exists. */
        long usable(Path folder) throws IOException;
    }

    /**
     * A store in {@code directory}, which need not exist: it is made when something is installed.
     */
    public ModelStore(Path directory) {
        this(directory, folder -> Files.getFileStore(folder).getUsableSpace());
    }

    ModelStore(Path directory, DiskSpace space) {
        this.directory = directory;
        this.space = space;
    }

    public Path directory() {
        return directory;
    }

    /** All models, newest first; none if the directory does not exist. */
    public Listing list() {
        if (!Files.exists(directory)) {
            return new Listing(List.of(), List.of());
        }
        if (!Files.isDirectory(directory)) {
            throw StoreErrors.notAFolder(directory);
        }
        try {
            return StoreScan.of(directory);
        } catch (IOException e) {
            throw StoreErrors.unreadable(directory, e);
        }
    }

    /**
     * The installed model that {@code spec} names, in any case; without a variant the only one, or
     * {@link KnownModel#DEFAULT_VARIANT} of several.
     *
     * @param spec not a path
     * @throws LocalModelException of kind {@code MODEL_NOT_FOUND}, or {@code INVALID_REQUEST} if several are meant
     */
    public StoredModel find(ModelSpec spec) {
        List<StoredModel> models = list().models();
        return match(models, spec).orElseThrow(() -> notFound(models, spec));
    }

    /**
     * {@link #find}, for what cannot be undone: without a variant only if there is just one.
     *
     * @throws LocalModelException as {@link #find}
     */
    public StoredModel findOnly(ModelSpec spec) {
        List<StoredModel> models = list().models();
        List<StoredModel> named = named(models, spec.name());
        if (spec.variant() == null && named.size() > 1) {
            throw several(spec, named);
        }
        return match(models, spec).orElseThrow(() -> notFound(models, spec));
    }

    /** Whether {@link #find} would find one or several. */
    public boolean has(ModelSpec spec) {
        List<StoredModel> named = named(list().models(), spec.name());
        String variant = spec.variant();
        return variant == null ? !named.isEmpty() : named.stream().anyMatch(model -> hasVariant(model, variant));
    }

    private static Optional<StoredModel> match(List<StoredModel> models, ModelSpec spec) {
        List<StoredModel> named = named(models, spec.name());
        String variant = spec.variant();
        if (variant != null) {
            return named.stream().filter(model -> hasVariant(model, variant)).findFirst();
        }
        if (named.size() <= 1) {
            return named.stream().findFirst();
        }
        Optional<StoredModel> plain =
                named.stream().filter(model -> model.variant() == null).findFirst();
        Optional<StoredModel> usual =
                plain.isPresent() || KnownModel.named(spec.name()).isEmpty()
                        ? plain
                        : named.stream()
                                .filter(model -> hasVariant(model, KnownModel.DEFAULT_VARIANT))
                                .findFirst();
        if (usual.isEmpty()) {
            throw several(spec, named);
        }
        return usual;
    }

    private static LocalModelException several(ModelSpec spec, List<StoredModel> named) {
        return new LocalModelException(
                LocalModelException.Kind.INVALID_REQUEST,
                "Several variants of " + Quoted.of(spec.name()) + " are installed: " + ids(named),
                "Name one: local/" + named.getFirst().id() + "@candle");
    }

    /** The models of that name; failing those, of another name of the same known model. */
    private static List<StoredModel> named(List<StoredModel> models, String name) {
        List<StoredModel> named = models.stream()
                .filter(model -> model.name().equalsIgnoreCase(name))
                .toList();
        return named.isEmpty()
                ? KnownModel.named(name)
                        .map(known -> models.stream()
                                .filter(model -> known.names().stream().anyMatch(model.name()::equalsIgnoreCase))
                                .toList())
                        .orElse(named)
                : named;
    }

    private static boolean hasVariant(StoredModel model, String variant) {
        return variant.equalsIgnoreCase(model.variant());
    }

    private static LocalModelException notFound(List<StoredModel> models, ModelSpec spec) {
        List<StoredModel> others = named(models, spec.name());
        String what = "Model " + Quoted.of(spec.id()) + " is not installed";
        String found;
        if (!others.isEmpty()) {
            found = "; installed of it: " + ids(others);
        } else {
            List<String> ids = new ArrayList<>();
            models.forEach(model -> ids.add(model.id()));
            models.forEach(model -> ids.add(model.name()));
            found = Nearest.hint(spec.id(), ids);
        }
        String pulled = spec.variant() == null ? spec.id() + ":" + KnownModel.DEFAULT_VARIANT : spec.id();
        List<String> solutions = new ArrayList<>();
        solutions.add("Pull it: `llmspell model pull " + pulled + "@candle`");
        solutions.add("Import a file that is on disk: `llmspell model import FILE.gguf " + importable(spec) + "`");
        solutions.add("See what is installed: `llmspell model list --backend candle`");
        return new LocalModelException(LocalModelException.Kind.MODEL_NOT_FOUND, what + found, null, solutions, null);
    }

    private static String importable(ModelSpec spec) {
        return spec.isHuggingFace() ? "NAME:VARIANT" : spec.id();
    }

    private static String ids(List<StoredModel> models) {
        return String.join(", ", models.stream().map(StoredModel::id).toList());
    }

    /**
     * Brings a file that is on disk, with the other parts of a split model, into the store. Interrupting the thread cancels
     * it; nothing half-done stays.
     */
    public StoredModel importFile(ImportRequest request) {
        return new FileImport(this, space).run(request);
    }

    /** Deletes a model's files; of links only the link. */
    public void remove(StoredModel model) {
        String variant = model.variant() == null ? "" : model.variant();
        String key = key(model.name(), variant);
        try {
            StoreLock lock = lock(key, model.id());
            try (lock) {
                delete(model, key);
            }
        } catch (IOException e) {
            throw new LocalModelException(
                    LocalModelException.Kind.STORE,
                    "Model " + model.id() + " cannot be removed: " + StoreErrors.reason(e),
                    null,
                    List.of("Check the permissions of " + directory),
                    e);
        }
    }

    private void delete(StoredModel model, String key) throws IOException {
        Path folder = Folders.parent(model.file());
        if (model.manifest() != null && isOnly(folder, model)) {
            // One move, so that no kill leaves half a model behind.
            Path doomed = directory.resolve(STAGING).resolve(key + ".removed");
            Files.createDirectories(Folders.parent(doomed));
            Folders.delete(doomed);
            Files.move(folder, doomed);
            Folders.delete(doomed);
            Folders.deleteEmpty(Folders.parent(folder), directory);
        } else {
            for (Path file : model.files()) {
                Files.deleteIfExists(file);
            }
            if (Folders.list(folder).stream().allMatch(file -> file.endsWith(Manifest.FILE_NAME))) {
                Files.deleteIfExists(folder.resolve(Manifest.FILE_NAME));
            }
            Folders.deleteEmpty(folder, directory);
        }
    }

    /**
     * Starts installing a model, for an import or a download.
     *
     * @param force replace one that is there; else that is an error of kind {@code STORE}
     */
    public Installation install(String name, String variant, boolean force) {
        Path target = directory.resolve(StoreName.folder("name", name)).resolve(StoreName.folder("variant", variant));
        String id = name + ":" + variant;
        String key = key(name, variant);
        createDirectory();
        StoreLock lock = null;
        try {
            lock = lock(key, id);
            StoredModel old = list().models().stream()
                    .filter(model -> model.id().equalsIgnoreCase(id))
                    .findFirst()
                    .orElse(null);
            if (old != null && !force) {
                throw new LocalModelException(
                        LocalModelException.Kind.STORE,
                        "Model " + old.id() + " is installed already, in " + old.file(),
                        "Replace it: --force",
                        "Give the new one another name: NAME:VARIANT");
            }
            if (Files.exists(target) && !isOnly(target, old)) {
                throw new LocalModelException(
                        LocalModelException.Kind.STORE,
                        "The folder " + target + " holds files that are not of model " + id,
                        "Move them elsewhere, or give the new model another name: NAME:VARIANT");
            }
            Installation installation = Installation.begin(lock, directory, target, key, old);
            lock = null;
            return installation;
        } catch (IOException e) {
            throw StoreErrors.unwritable(directory, e);
        } finally {
            release(lock);
        }
    }

    /** Whether {@code folder} holds nothing but {@code model} and its manifest. */
    private static boolean isOnly(Path folder, @Nullable StoredModel model) throws IOException {
        List<Path> files = model == null ? List.of() : model.files();
        return Folders.list(folder).stream()
                .allMatch(file -> files.contains(file) || (model != null && file.endsWith(Manifest.FILE_NAME)));
    }

    private static void release(@Nullable StoreLock lock) {
        if (lock != null) {
            try {
                lock.close();
            } catch (IOException e) {
                // The lock is given back with the process; the error under way says more.
                System.getLogger(ModelStore.class.getName()).log(System.Logger.Level.DEBUG, "cannot close a lock", e);
            }
        }
    }

    private void createDirectory() {
        if (Files.exists(directory) && !Files.isDirectory(directory)) {
            throw StoreErrors.notAFolder(directory);
        }
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw StoreErrors.unwritable(directory, e);
        }
    }

    private StoreLock lock(String key, String id) throws IOException {
        Path locks = directory.resolve(LOCKS);
        Files.createDirectories(locks);
        return StoreLock.take(locks.resolve(key + ".lock"), id);
    }

    /** One name per model for lock and staging: in lower case, since names that differ in case are the same model's. */
    private static String key(String name, String variant) {
        return (name + "@" + variant).replace("/", "--").toLowerCase(Locale.ROOT);
    }
}
