package org.llmspell.cli.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llmspell.cli.output.Progress;
import org.llmspell.cli.output.Readable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.store.ImportRequest;
import org.llmspell.local.store.ImportRequest.Placement;
import org.llmspell.local.store.Manifest;
import org.llmspell.local.store.ModelStore;
import org.llmspell.local.store.StoredModel;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** {@code model import}: brings GGUF files and exported models that are on disk into the model directory. */
final class ModelImportCommand implements Command {
    private static final String LINK = "--link";
    private static final String SYMLINK = "--symlink";
    private static final String COPY = "--copy";
    private static final String FORCE = "--force";
    /** DIR/NAME/VARIANT/manifest.json. */
    private static final int EXPORT_DEPTH = 3;

    @Override
    public CommandSpec spec() {
        return Usage.of("import", "Brings a GGUF file that is on disk, or an exported model, into the model directory.")
                .does(this)
                .details(
                        "Of a split model name any part. Without NAME:VARIANT the name comes from the file's own.",
                        "Of a folder that `llmspell model export` has written, every model in it is brought in, if size and",
                        "SHA-256 of its files are those of the manifest.")
                .examples(
                        "llmspell model import ~/Downloads/tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf tinyllama:Q4_K_M",
                        "llmspell model import --link /data/model.gguf my-model:Q8_0",
                        "llmspell model import /media/stick")
                .spec()
                .addPositional(Parameters.text(0, "FILE", "The .gguf file, or the folder of an export"))
                .addPositional(Parameters.optional(1, "NAME:VARIANT", "What scripts call it"))
                .addOption(Parameters.flag(COPY, "Copy the file (this is what happens if nothing is said)"))
                .addOption(Parameters.flag(LINK, "Hard link: no space, only within one file system"))
                .addOption(Parameters.flag(SYMLINK, "Symbolic link: no space, gone when the file goes"))
                .addOption(Parameters.flag(FORCE, "Replace a model of that name"));
    }

    @Override
    public int run(ParseResult line, Session session) throws IOException {
        Placement placement = placement(line);
        Path file = Models.path(Parameters.get(line, 0), session);
        if (!Files.exists(file)) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    "No such file: " + file,
                    "Check the path of the .gguf file");
        }
        String as = line.matchedPositionalValue(1, "");
        ModelSpec name = as.isEmpty() ? null : name(as);
        boolean folder = Files.isDirectory(file);
        List<Path> sources = folder ? exports(file) : List.of(file);
        if (name != null && sources.size() > 1) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    file + " holds " + sources.size() + " models, which cannot all be called " + as,
                    "Name the folder of one: " + sources.getFirst());
        }
        List<StoredModel> models = new ArrayList<>();
        ModelStore store = new ModelStore(session.config().candle().modelDirectory());
        for (Path source : sources) {
            try (Progress progress = session.progress()) {
                models.add(store.importFile(new ImportRequest(
                        source,
                        name == null ? null : name.name(),
                        name == null ? null : name.variant(),
                        placement,
                        line.hasMatchedOption(FORCE),
                        progress)));
            }
        }
        session.results()
                .show(
                        () -> folder
                                ? models.stream().map(ModelImportCommand::json).toList()
                                : json(models.getFirst()),
                        () -> models.forEach(model -> session.results()
                                .line(model.id() + " is installed (" + Readable.size(model.sizeBytes())
                                        + "): use it as local/" + model.id() + "@candle")));
        return 0;
    }

    /** The folders of the models that an export has left in {@code folder}, which may be one itself. */
    private static List<Path> exports(Path folder) throws IOException {
        try (Stream<Path> files = Files.find(
                folder,
                EXPORT_DEPTH,
                (path, attributes) -> path.endsWith(Manifest.FILE_NAME) && isVisible(folder, path))) {
            List<Path> found = files.map(Path::getParent).sorted().toList();
            if (!found.isEmpty()) {
                return found;
            }
        }
        throw new LocalModelException(
                LocalModelException.Kind.INVALID_REQUEST,
                folder + " is a folder without a " + Manifest.FILE_NAME + " in it",
                "Name the .gguf file itself",
                "Name a folder that `llmspell model export MODEL DIR` has written");
    }

    /** What an export that was killed has left is hidden. */
    private static boolean isVisible(Path folder, Path file) {
        for (Path part : folder.relativize(file)) {
            if (part.toString().startsWith(".")) {
                return false;
            }
        }
        return true;
    }

    private static ModelSpec name(String text) {
        ModelSpec spec = ModelSpec.parse(text);
        if (spec.isPath() || (spec.backend() != null && !spec.backend().equals("candle"))) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    "A model is imported under a NAME:VARIANT of the embedded backend, not as " + text,
                    "Give a name such as my-model:Q4_K_M");
        }
        return spec;
    }

    private static Placement placement(ParseResult line) {
        boolean link = line.hasMatchedOption(LINK);
        boolean symlink = line.hasMatchedOption(SYMLINK);
        if ((link ? 1 : 0) + (symlink ? 1 : 0) + (line.hasMatchedOption(COPY) ? 1 : 0) > 1) {
            throw new ParameterException(
                    line.commandSpec().commandLine(), "Only one of --copy, --link and --symlink can be done");
        }
        return link ? Placement.HARD_LINK : symlink ? Placement.SYMBOLIC_LINK : Placement.COPY;
    }

    private static Map<String, @Nullable Object> json(StoredModel model) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("id", model.id());
        document.put("backend", "candle");
        document.put("size_bytes", model.sizeBytes());
        document.put("quantization", model.quantization());
        document.put("path", model.file().toString());
        document.put("status", "installed");
        return document;
    }
}
