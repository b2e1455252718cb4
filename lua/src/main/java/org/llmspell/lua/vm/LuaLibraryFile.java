package org.llmspell.lua.vm;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Loads the Lua library that travels in a jar: copies it to a folder that only this user can enter, loads it from there
 * and deletes both. Nobody else can put another library in its place, and nothing is left behind.
 */
@SuppressWarnings("restricted") // calling C is what this package is for
final class LuaLibraryFile {
    /** The environment variable that names the folder to copy to; without it, the folder for temporary files. */
    static final String FOLDER_VARIABLE = "LLMSPELL_NATIVE_DIR";

    private LuaLibraryFile() {}

    static SymbolLookup load() {
        String chosen = System.getenv(FOLDER_VARIABLE);
        boolean set = chosen != null && !chosen.isBlank();
        return load(Path.of(set ? chosen : System.getProperty("java.io.tmpdir")));
    }

    /**
     * Loads the library by way of a new folder in {@code base}.
     *
     * @throws LuaUnavailableException if there is no library for this machine, or it cannot be written or loaded there
     */
    static SymbolLookup load(Path base) {
        String name = resource(System.getProperty("os.name"), System.getProperty("os.arch"));
        Path folder = null;
        Path file = null;
        try {
            Files.createDirectories(base);
            folder = Files.createTempDirectory(base, "llmspell-lua-", onlyForThisUser());
            file = folder.resolve(name);
            try (InputStream library = LuaLibraryFile.class.getResourceAsStream("/" + name)) {
                if (library == null) {
                    throw new LuaUnavailableException(
                            "The Lua library " + name + " is missing from the class path", null);
                }
                Files.copy(library, file);
            }
            return SymbolLookup.libraryLookup(file, Arena.global());
        } catch (IOException | IllegalArgumentException e) {
            throw new LuaUnavailableException(
                    "Cannot load the Lua library from " + base + " (" + reason(e) + "): set " + FOLDER_VARIABLE
                            + " to a folder that can be written and whose file system is not mounted noexec",
                    e);
        } finally {
            delete(file);
            delete(folder);
        }
    }

    /** The library's name in the jar. */
    static String resource(String os, String arch) {
        String system = os.toLowerCase(Locale.ROOT);
        boolean arm = arch.equals("aarch64") || arch.equals("arm64");
        if (arm || arch.equals("amd64") || arch.equals("x86_64")) {
            String suffix = arm ? "arm64" : "64";
            if (system.startsWith("linux")) {
                return "liblua54" + suffix + ".so";
            } else if (system.startsWith("mac")) {
                return "liblua54" + suffix + ".dylib";
            } else if (system.startsWith("windows")) {
                return "lua54" + suffix + ".dll";
            }
        }
        throw new LuaUnavailableException("There is no Lua library for " + os + " on " + arch, null);
    }

    private static FileAttribute<?>[] onlyForThisUser() {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
    }

    private static String reason(Exception e) {
        return e instanceof IOException
                ? e.getClass().getSimpleName() + ": " + e.getMessage()
                : String.valueOf(e.getMessage());
    }

    private static void delete(@Nullable Path path) {
        if (path == null || !Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            Files.delete(path);
        } catch (IOException inUse) {
            path.toFile().deleteOnExit(); // Windows keeps a loaded library's file
        }
    }
}
