package org.llmspell.local;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads model specifications. Names follow Ollama's grammar ({@code [HOST/][NAMESPACE/]MODEL[:TAG]}), which has no
 * {@code @}, so that the last one starts the backend; the first colon after the last slash starts the variant.
 */
final class SpecParser {
    static final String HUGGING_FACE = "hf.co/";

    private static final List<String> HUGGING_FACE_SPELLINGS =
            List.of("https://huggingface.co/", "https://hf.co/", "huggingface.co/", "hf.co/");
    private static final String PREFIX = "local/";
    private static final String EXTENSION = ".gguf";
    private static final String FORM = "write local/NAME:VARIANT@BACKEND, for instance local/tinyllama:Q4_K_M@candle";
    private static final String HUGGING_FACE_FORM =
            "write hf.co/USER/REPO:QUANT, for instance hf.co/Qwen/Qwen2-0.5B-Instruct-GGUF:Q4_K_M";
    private static final int LONGEST_TEXT = 4096;
    private static final int LONGEST_PART = 80;
    /** Ollama's limit for a registry host. */
    private static final int LONGEST_HOST = 350;
    /** Hugging Face's limit for the name of a user or repository. */
    private static final int LONGEST_REPOSITORY = 96;

    private final String text;

    private final boolean paths;

    private SpecParser(String text, boolean paths) {
        this.text = text;
        this.paths = paths;
    }

    static ModelSpec parse(String text) {
        return new SpecParser(text.strip(), true).parse();
    }

    static ModelSpec parseName(String text) {
        return new SpecParser(text.strip(), false).parse();
    }

    static Path expand(String path) {
        return path.startsWith("~/") ? Path.of(System.getProperty("user.home"), path.substring(2)) : Path.of(path);
    }

    private ModelSpec parse() {
        if (text.isEmpty()) {
            throw new LocalModelException(LocalModelException.Kind.INVALID_REQUEST, "No model is named; " + FORM);
        }
        if (text.length() > LONGEST_TEXT) {
            throw wrong("it is longer than " + LONGEST_TEXT + " characters", FORM);
        }
        for (int i = 0; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) {
                throw wrong("it contains a control character", FORM);
            }
        }
        if (paths && endsInExtension(text) && exists(text)) {
            return path(text, null);
        }
        String model = text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text;
        if (model.isEmpty()) {
            throw wrong("no name follows \"local/\"", FORM);
        }
        String repository = afterHuggingFace(model);
        if (repository == null) {
            ModelSpec path = paths ? asPath(model) : null;
            if (path != null) {
                return path;
            }
            if (model.contains("://")) {
                throw wrong("it is a URL, and models are named", FORM);
            }
        }
        return named(model);
    }

    private static @Nullable String afterHuggingFace(String model) {
        for (String spelling : HUGGING_FACE_SPELLINGS) {
            if (model.regionMatches(true, 0, spelling, 0, spelling.length())) {
                return model.substring(spelling.length());
            }
        }
        return null;
    }

    /** The specification as a path, or null if it is not one. */
    private @Nullable ModelSpec asPath(String model) {
        if (looksLikePath(model) && endsInExtension(model)) {
            return path(model, null);
        }
        int at = model.lastIndexOf('@');
        if (at >= 0) {
            String file = model.substring(0, at);
            String backend = model.substring(at + 1);
            boolean known = ModelSpec.BACKENDS.contains(backend.toLowerCase(Locale.ROOT));
            if (looksLikePath(file) && (endsInExtension(file) || known)) {
                return path(file, backend(backend));
            }
        }
        // Models in other programs' stores have no extension.
        return startsLikePath(model) ? path(model, null) : null;
    }

    private static boolean looksLikePath(String model) {
        return startsLikePath(model) || (endsInExtension(model) && (hasSeparator(model) || exists(model)));
    }

    private static boolean startsLikePath(String model) {
        return model.startsWith("/")
                || model.startsWith("./")
                || model.startsWith("../")
                || model.startsWith("~/")
                || isAbsolute(model);
    }

    private static boolean hasSeparator(String model) {
        return model.indexOf('/') >= 0 || model.indexOf(java.io.File.separatorChar) >= 0;
    }

    private static boolean endsInExtension(String model) {
        int start = model.length() - EXTENSION.length();
        return start > 0 && model.regionMatches(true, start, EXTENSION, 0, EXTENSION.length());
    }

    private static boolean isAbsolute(String model) {
        try {
            return Path.of(model).isAbsolute();
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static boolean exists(String model) {
        try {
            return Files.isRegularFile(expand(model));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private ModelSpec path(String file, @Nullable String backend) {
        try {
            expand(file);
        } catch (InvalidPathException e) {
            throw wrong("it is no path on this system", FORM);
        }
        if (backend != null && !backend.equals("candle")) {
            throw wrong("a file runs on candle, not on " + backend, "write PATH.gguf or PATH.gguf@candle");
        }
        return new ModelSpec(file, null, backend, true);
    }

    private ModelSpec named(String model) {
        String rest = model;
        String backend = null;
        int at = model.lastIndexOf('@');
        if (at >= 0) {
            backend = backend(model.substring(at + 1));
            rest = model.substring(0, at);
        }
        if (rest.isEmpty()) {
            throw wrong("no name stands before \"@\"", FORM);
        }
        String repository = afterHuggingFace(rest);
        return repository == null ? plain(rest, backend) : huggingFace(repository, backend);
    }

    private String backend(String name) {
        if (name.isEmpty()) {
            throw wrong("no backend follows \"@\"", FORM);
        }
        // Whether there is a backend of that name is the configuration's to say.
        checkPart("backend", name, "@", LONGEST_PART, "", FORM);
        String lower = name.toLowerCase(Locale.ROOT);
        return lower;
    }

    private ModelSpec plain(String model, @Nullable String backend) {
        int slash = model.lastIndexOf('/');
        int colon = model.indexOf(':', slash + 1);
        String name = colon < 0 ? model : model.substring(0, colon);
        String variant = colon < 0 ? null : model.substring(colon + 1);
        if (name.isEmpty()) {
            throw wrong("no name stands before \":\"", FORM);
        }
        if (variant != null) {
            checkPart("variant", variant, "", LONGEST_PART, ".", FORM);
        }
        String[] parts = name.split("/", -1);
        if (parts.length > 3) {
            throw wrong("a name has at most three parts, HOST/NAMESPACE/MODEL", FORM);
        }
        for (int i = 0; i < parts.length; i++) {
            boolean host = parts.length == 3 && i == 0;
            boolean namespace = i == parts.length - 2;
            String kind = host ? "host" : namespace ? "namespace" : "name";
            checkPart(
                    kind, parts[i], "/", host ? LONGEST_HOST : LONGEST_PART, host ? ".:" : namespace ? "" : ".", FORM);
        }
        return new ModelSpec(name, variant, backend, false);
    }

    private ModelSpec huggingFace(String model, @Nullable String backend) {
        int colon = model.indexOf(':');
        String repository = colon < 0 ? model : model.substring(0, colon);
        String variant = colon < 0 ? null : model.substring(colon + 1);
        String[] parts = repository.split("/", -1);
        if (parts.length != 2) {
            throw wrong("a Hugging Face model is a user and a repository", HUGGING_FACE_FORM);
        }
        checkPart("user", parts[0], "/", LONGEST_REPOSITORY, ".", HUGGING_FACE_FORM);
        checkPart("repository", parts[1], "/", LONGEST_REPOSITORY, ".", HUGGING_FACE_FORM);
        if (variant != null) {
            // A file may lie in a folder of the repository: each step of the way is a name of its own.
            for (String step : variant.split("/", -1)) {
                checkPart("variant", step, "/", LONGEST_HOST, ".", HUGGING_FACE_FORM);
            }
            if (variant.indexOf('/') >= 0 && !endsInExtension(variant)) {
                throw wrong("the variant is neither a quantization nor a .gguf file", HUGGING_FACE_FORM);
            }
        }
        return new ModelSpec(HUGGING_FACE + repository, variant, backend, false);
    }

    /** One part of a name: a letter, digit or underscore, then also a hyphen or one of {@code further}. */
    private void checkPart(String kind, String part, String end, int longest, String further, String form) {
        if (part.isEmpty()) {
            throw wrong(
                    kind.equals("variant") && end.isEmpty() ? "no variant follows \":\"" : "its " + kind + " is empty",
                    form);
        }
        if (part.length() > longest) {
            throw wrong("its " + kind + " is longer than " + longest + " characters", form);
        }
        for (int i = 0; i < part.length(); ) {
            int c = part.codePointAt(i);
            boolean letter = (c < 0x80 && Character.isLetterOrDigit(c)) || c == '_';
            boolean allowed = letter || (i > 0 && (c == '-' || further.indexOf(c) >= 0));
            if (!allowed) {
                String character = Quoted.of(Character.toString(c));
                throw wrong(
                        i == 0
                                ? "its " + kind + " starts with " + character + ", not with a letter, digit or _"
                                : "its " + kind + " contains " + character,
                        form);
            }
            i += Character.charCount(c);
        }
    }

    private LocalModelException wrong(String reason, String form) {
        return new LocalModelException(
                LocalModelException.Kind.INVALID_REQUEST,
                "Invalid model " + Quoted.of(text) + ": " + reason + "; " + form);
    }
}
