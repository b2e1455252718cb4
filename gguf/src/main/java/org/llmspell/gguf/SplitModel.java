package org.llmspell.gguf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The rules by which several files are one model: {@code split.no} and {@code split.count} in every part, names ending
 * in {@code -0000X-of-0000N.gguf}, and {@code split.tensors.count} tensors in all. Source: gguf-split of llama.cpp.
 */
final class SplitModel {
    static final String NUMBER = "split.no";
    static final String COUNT = "split.count";
    static final String TENSORS = "split.tensors.count";
    private static final String ARCHITECTURE = "general.architecture";

    private SplitModel() {}

    /** The files of the model that {@code path} is a part of, in order; {@code path} alone if it is not split. */
    static List<Path> files(Path path, GgufMetadata metadata) throws GgufException {
        long count = metadata.longValue(COUNT).orElse(1);
        long number = metadata.longValue(NUMBER).orElse(0);
        if (count < 1 || count > 99_999 || number < 0 || number >= count) {
            throw new GgufException(
                    path.toString(),
                    "damaged split metadata: " + NUMBER + " is " + number + ", " + COUNT + " is " + count);
        }
        if (count == 1) {
            return List.of(path);
        }
        String fileName = String.valueOf(path.getFileName());
        Optional<SplitName> name = SplitName.of(fileName);
        if (name.isEmpty() || name.get().count() != count || name.get().number() != number + 1) {
            String expected = new SplitName("NAME", (int) number + 1, (int) count).fileName();
            throw new GgufException(
                    path.toString(),
                    "is part " + (number + 1) + " of " + count + " of a split model, but is not named like " + expected
                            + ", so the other parts cannot be found: give all parts their original names");
        }
        List<Path> files = new ArrayList<>((int) count);
        List<String> missing = new ArrayList<>();
        for (int part = 1; part <= count; part++) {
            Path file = part == number + 1
                    ? path
                    : path.resolveSibling(name.get().part(part).fileName());
            if (!Files.exists(file)) {
                missing.add(String.valueOf(file.getFileName()));
            }
            files.add(file);
        }
        if (!missing.isEmpty()) {
            throw new GgufException(
                    path.toString(),
                    "is part " + (number + 1) + " of " + count + " of a split model, and beside it "
                            + missing.getFirst() + " is missing"
                            + (missing.size() > 1 ? ", and " + (missing.size() - 1) + " more" : ""));
        }
        return files;
    }

    /** Checks that {@code parts}, read from {@code files}, belong together and are complete. */
    static void check(List<Path> files, List<GgufParser.Part> parts) throws GgufException {
        Map<String, Path> owner = new HashMap<>();
        GgufMetadata first = parts.getFirst().metadata();
        for (int i = 0; i < parts.size(); i++) {
            String file = files.get(i).toString();
            GgufMetadata metadata = parts.get(i).metadata();
            long number = metadata.longValue(NUMBER).orElse(-1);
            long count = metadata.longValue(COUNT).orElse(-1);
            if (number != i || count != parts.size()) {
                throw new GgufException(
                        file,
                        "should be part " + (i + 1) + " of " + parts.size() + " of a split model, but its " + NUMBER
                                + " is " + number + " and its " + COUNT + " is " + count);
            }
            Optional<String> architecture = metadata.string(ARCHITECTURE);
            if (architecture.isPresent() && !architecture.equals(first.string(ARCHITECTURE))) {
                throw new GgufException(
                        file, "is a part of another model than " + files.getFirst() + ": their architectures differ");
            }
            for (TensorInfo tensor : parts.get(i).tensors()) {
                Path other = owner.putIfAbsent(tensor.name(), files.get(i));
                if (other != null) {
                    throw new GgufException(
                            file, "duplicate tensor " + GgufException.quote(tensor.name()) + ", also in " + other);
                }
            }
        }
        OptionalLong expected = first.longValue(TENSORS);
        if (expected.isPresent() && expected.getAsLong() != owner.size()) {
            throw new GgufException(
                    files.getFirst().toString(),
                    "its " + TENSORS + " is " + expected.getAsLong() + ", but the " + parts.size() + " parts hold "
                            + owner.size());
        }
    }
}
