package org.llmspell.lua;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.llmspell.local.config.Config;

/** Runs a script against {@link FakeModels} and holds what it wrote. */
final class Script {
    final FakeModels models = new FakeModels();
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private UnaryOperator<LuaRuntime.Builder> settings = builder -> builder;
    private InputStream in = InputStream.nullInputStream();
    private Config config = Config.load(null, Map.of(), Map.of(), Path.of("nowhere"));

    /** Runs {@code code} in a runtime of its own and gives what it wrote to standard output. */
    static String output(String code) {
        return new Script().run(code);
    }

    /** The same with the default sandbox. */
    static String sandboxed(String code) {
        return new Script().sandbox(Sandbox.DEFAULT).run(code);
    }

    Script input(String text) {
        return input(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    Script input(InputStream stream) {
        in = stream;
        return this;
    }

    Script sandbox(Sandbox sandbox) {
        UnaryOperator<LuaRuntime.Builder> before = settings;
        settings = builder -> before.apply(builder).sandbox(sandbox);
        return this;
    }

    Script arguments(String... arguments) {
        UnaryOperator<LuaRuntime.Builder> before = settings;
        settings = builder -> before.apply(builder).arguments(List.of(arguments));
        return this;
    }

    /** With a configuration file of this text. */
    Script config(Path folder, String toml) {
        try {
            Path file = Files.writeString(folder.resolve("config.toml"), toml);
            config = Config.load(file, Map.of(), Map.of(), folder);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    LuaRuntime open() {
        return settings.apply(
                        LuaRuntime.builder(models, config).input(in).output(out).error(err))
                .build();
    }

    String run(String code) {
        try (LuaRuntime runtime = open()) {
            runtime.exec(code);
        }
        return written();
    }

    int status(String code) {
        try (LuaRuntime runtime = open()) {
            return runtime.exec(code);
        }
    }

    String written() {
        return out.toString(StandardCharsets.UTF_8);
    }
}
