package org.llmspell.local.store;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds the models in a store's folder: those with a manifest by it, all other GGUF files by their place and name. Nothing
 * found on disk makes it fail; what is odd becomes a warning.
 */
final class StoreScan {
    /** Deep enough for {@code hf.co/USER/REPO/FOLDER/x.gguf}. */
    private static final int DEEPEST = 5;

    private final Path root;
    private final Map<Path, List<Path>> filesByFolder = new TreeMap<>();
    private final Set<Path> manifests = new HashSet<>();
    private final List<StoredModel> models = new ArrayList<>();
    private final Set<String> ids = new HashSet<>();
    private final List<String> warnings = new ArrayList<>();

    private StoreScan(Path root) {
        this.root = root;
    }

    /** The models under {@code root}, newest first, and warnings about what could not be read. */
    static Listing of(Path root) throws IOException {
        StoreScan scan = new StoreScan(root);
        scan.walk();
        // Those that say who they are come first, so that a stray file cannot take a name from them.
        List<Path> folders = new ArrayList<>(scan.filesByFolder.keySet());
        folders.sort(Comparator.comparing((Path folder) -> !scan.manifests.contains(folder))
                .thenComparing(Comparator.naturalOrder()));
        for (Path folder : folders) {
            scan.folder(folder, scan.filesByFolder.getOrDefault(folder, List.of()));
        }
        scan.models.sort(
                Comparator.comparing(StoredModel::modifiedAt).reversed().thenComparing(StoredModel::id));
        return new Listing(scan.models, scan.warnings);
    }

    private void walk() throws IOException {
        Files.walkFileTree(root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), DEEPEST, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                boolean hidden = !folder.equals(root)
                        && String.valueOf(folder.getFileName()).startsWith(".");
                return hidden ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = String.valueOf(file.getFileName());
                Path folder = file.getParent();
                if (folder == null || name.startsWith(".")) {
                    return FileVisitResult.CONTINUE;
                }
                if (name.equals(Manifest.FILE_NAME)) {
                    manifests.add(folder);
                } else if (ModelFileName.isGguf(name)) {
                    // A link into nowhere is visited with the link's own attributes.
                    if (attributes.isSymbolicLink()) {
                        warnings.add(file + " is a link to a file that is gone");
                    } else if (attributes.isRegularFile()) {
                        filesByFolder
                                .computeIfAbsent(folder, f -> new ArrayList<>())
                                .add(file);
                    }
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (file.equals(root)) {
                    throw e;
                }
                warnings.add(file + " cannot be read: " + StoreErrors.reason(e));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) {
                if (e != null) {
                    warnings.add(folder + " cannot be read to its end: " + StoreErrors.reason(e));
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private void folder(Path folder, List<Path> files) {
        List<Path> stray = new ArrayList<>(files);
        stray.sort(Comparator.naturalOrder());
        boolean damaged = false;
        if (manifests.contains(folder)) {
            try {
                Manifest manifest = Manifest.read(folder.resolve(Manifest.FILE_NAME));
                StoredModel model = managed(folder, manifest);
                if (ids.add(key(model.id()))) {
                    models.add(model);
                    stray.removeAll(model.files());
                }
            } catch (IOException e) {
                damaged = true;
                warnings.add("The manifest in " + folder + " is damaged (" + StoreErrors.reason(e)
                        + "); the model is listed from its file");
            }
        }
        while (!stray.isEmpty()) {
            dropped(folder, stray, damaged);
        }
    }

    private StoredModel managed(Path folder, Manifest manifest) throws IOException {
        List<Path> files = new ArrayList<>();
        String warning = null;
        long size = 0;
        for (Manifest.Entry entry : manifest.files()) {
            Path file = folder.resolve(entry.name());
            if (!Files.isRegularFile(file)) {
                throw new IOException(entry.name() + " is missing");
            }
            long actual = Files.size(file);
            if (actual != entry.sizeBytes() && warning == null) {
                warning = file + " has " + actual + " bytes and should have " + entry.sizeBytes()
                        + ": install the model again";
            }
            size += actual;
            files.add(file);
        }
        if (warning != null) {
            warnings.add(warning);
        }
        String quantization = manifest.quantization() != null
                ? manifest.quantization()
                : ModelFileName.quantization(manifest.variant()).orElse(null);
        return new StoredModel(
                manifest.name(),
                manifest.variant(),
                files,
                size,
                manifest.installedAt(),
                quantization,
                isLink(files),
                manifest,
                warning);
    }

    /** Takes the first model out of {@code stray}: one file, or all parts of a split one. */
    private void dropped(Path folder, List<Path> stray, boolean damaged) {
        Path first = stray.removeFirst();
        ModelFileName name = ModelFileName.of(String.valueOf(first.getFileName()));
        List<Path> files = new ArrayList<>(List.of(first));
        String warning = null;
        if (name.parts() > 1) {
            for (Path other : List.copyOf(stray)) {
                ModelFileName part = ModelFileName.of(String.valueOf(other.getFileName()));
                if (part.parts() == name.parts()
                        && part.base().equals(name.base())
                        && String.valueOf(part.quantization()).equals(String.valueOf(name.quantization()))) {
                    files.add(other);
                    stray.remove(other);
                }
            }
            if (files.size() != name.parts() || name.part() != 1) {
                warning = first + ": the model has " + name.parts() + " parts and " + files.size() + " are there";
                warnings.add(warning);
            }
        } else if (damaged) {
            warning = "the manifest is damaged: size and SHA-256 are not known";
        }
        long size = 0;
        Instant newest = Instant.EPOCH;
        try {
            for (Path file : files) {
                size += Files.size(file);
                Instant changed = Files.getLastModifiedTime(file).toInstant();
                newest = changed.isAfter(newest) ? changed : newest;
            }
        } catch (IOException e) {
            warnings.add(first + " cannot be read: " + StoreErrors.reason(e));
            return;
        }
        Identity identity = identify(folder, name, damaged);
        if (!ids.add(key(identity.id()))) {
            identity = new Identity(identity.name, StoreName.clean(stem(first), "model"));
            if (!ids.add(key(identity.id()))) {
                warnings.add(first + " has the same name as another model: address it by its path");
                return;
            }
        }
        String variant = identity.variant;
        String label = name.quantization() != null || variant == null
                ? name.quantization()
                : ModelFileName.quantization(variant).orElse(null);
        models.add(new StoredModel(identity.name, variant, files, size, newest, label, isLink(files), null, warning));
    }

    private record Identity(String name, @Nullable String variant) {
        String id() {
            return variant == null ? name : name + ":" + variant;
        }
    }

    /** Name and variant of a file without manifest, from where it lies and what it is called. */
    private Identity identify(Path folder, ModelFileName file, boolean damaged) {
        Path relative = root.relativize(folder);
        int depth = folder.equals(root) ? 0 : relative.getNameCount();
        String base = StoreName.clean(file.base(), "model");
        if (depth == 0) {
            return new Identity(base, file.quantization());
        }
        String last = relative.getName(depth - 1).toString();
        if (depth == 2 && (damaged || ModelFileName.quantization(last).isPresent())) {
            return new Identity(StoreName.nameOf(relative.getName(0).toString()), StoreName.clean(last, "model"));
        }
        String name = StoreName.nameOf(last);
        if (depth > 1) {
            boolean repository =
                    depth > 2 && relative.getName(depth - 3).toString().equals("hf.co");
            // A namespace has no dot.
            String user = StoreName.clean(relative.getName(depth - 2).toString(), "user");
            name = (repository ? "hf.co/" + user : user.replace('.', '-')) + "/" + StoreName.clean(last, "model");
        }
        String variant = file.quantization() != null ? file.quantization() : base.equalsIgnoreCase(name) ? null : base;
        return new Identity(name, variant);
    }

    private static String stem(Path file) {
        String name = String.valueOf(file.getFileName());
        return name.substring(0, name.length() - ".gguf".length());
    }

    private static boolean isLink(List<Path> files) {
        return files.stream().anyMatch(Files::isSymbolicLink);
    }

    private static String key(String id) {
        return id.toLowerCase(Locale.ROOT);
    }
}
