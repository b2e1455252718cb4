package org.llmspell.local.store;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.Quoted;

/**
 * Turns the names of models into names of folders and back. A model lies in {@code NAME/VARIANT}, two folders whatever
 * the name: a slash in it becomes {@code --}, as in Hugging Face's own cache (which forbids {@code --} in repositories).
 */
final class StoreName {
    private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*");
    /** Devices on Windows, with any extension: a store must survive being copied there. */
    private static final Pattern DEVICE =
            Pattern.compile("(?:con|prn|aux|nul|com\\d|lpt\\d)(?:\\..*)?", Pattern.CASE_INSENSITIVE);
    /** File systems allow 255 bytes; lock and staging names add to them. */
    private static final int LONGEST = 220;

    private static final int LONGEST_PART = 80;

    private StoreName() {}

    /**
     * The folder for {@code part} of a model's name, or for its variant.
     *
     * @throws LocalModelException if it cannot be one
     */
    static String folder(String what, String part) {
        String folder = part.replace("/", "--");
        String reason = !SAFE.matcher(folder).matches()
                ? "it may hold letters, digits, _, - and . and starts with a letter, digit or _"
                : DEVICE.matcher(folder).matches()
                        ? "that name belongs to a device on Windows"
                        : folder.endsWith(".")
                                ? "it ends with a dot"
                                : folder.length() > LONGEST ? "it is longer than " + LONGEST + " characters" : null;
        if (reason != null) {
            throw new LocalModelException(
                    LocalModelException.Kind.INVALID_REQUEST,
                    "The " + what + " " + Quoted.of(part) + " cannot be stored: " + reason,
                    "Give another one: llmspell model import FILE NAME:VARIANT");
        }
        return folder;
    }

    /** The model's name that a folder, found on disk, stands for. */
    static String nameOf(String folder) {
        String[] parts = folder.split("--", -1);
        boolean repository = parts.length == 3 && parts[0].equals("hf.co");
        return repository
                ? "hf.co/" + clean(parts[1], "user") + "/" + clean(parts[2], "model")
                : clean(folder, "model");
    }

    /** {@code text} with what {@link ModelSpec} does not allow replaced by hyphens; {@code otherwise} if nothing is left. */
    static String clean(@Nullable String text, String otherwise) {
        if (text == null) {
            return otherwise;
        }
        String cleaned = text.strip()
                .replaceAll("[^A-Za-z0-9_.-]+", "-")
                .replaceAll("^[^A-Za-z0-9_]+", "")
                .replaceAll("[-.]+$", "");
        if (cleaned.length() > LONGEST_PART) {
            cleaned = cleaned.substring(0, LONGEST_PART).replaceAll("[-.]+$", "");
        }
        return cleaned.isEmpty() ? otherwise : cleaned;
    }

    /** {@link #clean}, in lower case, as short names are. */
    static String cleanName(@Nullable String text, String otherwise) {
        return clean(text, otherwise).toLowerCase(Locale.ROOT);
    }
}
