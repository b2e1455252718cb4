package org.llmspell.lua.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LuaLibraryFileTest {
    @TempDir
    Path folder;

    @Test
    void loadsAndLeavesNothingBehind() throws IOException {
        Path base = folder.resolve("new");
        assertThat(LuaLibraryFile.load(base).find("lua_newstate")).isPresent();
        try (Stream<Path> left = Files.list(base)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void saysWhatToSetWhereItCannotBeWritten() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> LuaLibraryFile.load(file))
                .isInstanceOf(LuaUnavailableException.class)
                .hasMessageStartingWith("Cannot load the Lua library from " + file)
                .hasMessageEndingWith("set LLMSPELL_NATIVE_DIR to a folder that can be written and whose file system is"
                        + " not mounted noexec");
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, liblua5464.so",
        "Linux, aarch64, liblua54arm64.so",
        "Mac OS X, aarch64, liblua54arm64.dylib",
        "Mac OS X, x86_64, liblua5464.dylib",
        "Windows 11, amd64, lua5464.dll",
        "Windows 11, aarch64, lua54arm64.dll",
    })
    void thereIsALibraryForEveryUsualMachine(String os, String arch, String name) {
        assertThat(LuaLibraryFile.resource(os, arch)).isEqualTo(name);
        assertThat(LuaLibraryFile.class.getResource("/" + name)).isNotNull();
    }

    @Test
    void saysWhereThereIsNone() {
        assertThatThrownBy(() -> LuaLibraryFile.resource("Linux", "riscv64"))
                .hasMessage("There is no Lua library for Linux on riscv64");
        assertThatThrownBy(() -> LuaLibraryFile.resource("Plan 9", "amd64"))
                .hasMessage("There is no Lua library for Plan 9 on amd64");
    }
}
