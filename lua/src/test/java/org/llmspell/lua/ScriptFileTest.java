package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScriptFileTest {
    @TempDir
    Path folder;

    private Path script(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("script.lua"), bytes);
    }

    private Path script(String text) throws IOException {
        return script(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String run(Path file) {
        Script script = new Script();
        try (LuaRuntime runtime = script.open()) {
            runtime.run(file);
        }
        return script.written();
    }

    private static ScriptException failure(Path file) {
        return catchThrowableOfType(ScriptException.class, () -> run(file));
    }

    @Test
    void runsAFile() throws IOException {
        Path file = script("print('👋', arg[0] == ARGS[0], arg[0], ...)");
        assertThat(run(file)).isEqualTo("👋\ttrue\t" + file + "\n");
    }

    @Test
    void skipsALineForTheShellAndAByteOrderMark() throws IOException {
        assertThat(run(script("#!/usr/bin/env llmspell\nprint(debug.getinfo(1).currentline)")))
                .isEqualTo("2\n");
        assertThat(run(script("\ufeffprint('marked')"))).isEqualTo("marked\n");
        assertThat(run(script("\ufeff#!/bin/sh\nprint('both')"))).isEqualTo("both\n");
        assertThat(run(script("#!/bin/sh"))).isEmpty();
        assertThat(run(script(""))).isEmpty();
    }

    @Test
    void keepsEveryByte() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        text.writeBytes("io.write('a\0b', #'".getBytes(StandardCharsets.UTF_8));
        text.write(0xff);
        text.writeBytes("é👋')".getBytes(StandardCharsets.UTF_8));
        assertThat(run(script(text.toByteArray()))).isEqualTo("a\0b7");
    }

    @Test
    void namesTheFileAndLineInErrors() throws IOException {
        Path file = script("local x = 1\n\nerror('here')");
        ScriptException failure = failure(file);
        assertThat(failure.line()).isEqualTo(3);
        assertThat(failure.problem()).isEqualTo("here");
        assertThat(failure.script()).endsWith("script.lua");
        Path colons = Files.writeString(folder.resolve("a:1: b.lua"), "\nerror('x')");
        assertThat(failure(colons)).hasMessageEndingWith("b.lua:2: x");
        Path broken = script("x = = 1");
        assertThat(failure(broken).kind()).isEqualTo(ScriptException.Kind.SYNTAX);
        assertThat(failure(broken)).hasMessageEndingWith("script.lua:1: unexpected symbol near '='");
    }

    @Test
    void saysWhyAFileIsNoScript() throws IOException {
        Path missing = folder.resolve("missing.lua");
        assertThat(failure(missing)).hasMessage("No such script: " + missing);
        assertThat(failure(missing).kind()).isEqualTo(ScriptException.Kind.UNREADABLE);
        assertThat(failure(folder)).hasMessage(folder + " is a folder, not a script");
        Path binary = script(new byte[] {0x1b, 'L', 'u', 'a', 0x54});
        assertThat(failure(binary)).hasMessage(binary + " is compiled Lua, which is not run: give its source");
    }

    @Test
    void anUnreadableFileIsNamed() throws IOException {
        Path file = script("print(1)");
        boolean locked = file.toFile().setReadable(false) && !Files.isReadable(file);
        Assumptions.assumeTrue(locked, "this user may read any file");
        assertThat(failure(file)).hasMessageStartingWith("Cannot read the script " + file);
    }
}
