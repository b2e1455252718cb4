package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.local.config.Config;

/** The time limit only keeps a failure from hanging; a script that is not stopped never ends by itself. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InterruptTest {
    /** Tells when the script has got as far as printing something. */
    private static final class Started extends OutputStream {
        final CountDownLatch latch = new CountDownLatch(1);
        private final StringBuilder text = new StringBuilder();

        @Override
        public synchronized void write(int b) {
            text.append((char) b);
            latch.countDown();
        }

        synchronized String text() {
            return text.toString();
        }
    }

    private static Throwable interrupted(Script script, InputStream in, String code) throws InterruptedException {
        Started started = new Started();
        try (LuaRuntime runtime = LuaRuntime.builder(script.models, Config.load(null, Map.of()))
                .input(in)
                .output(started)
                .build()) {
            CompletableFuture<Throwable> end =
                    CompletableFuture.supplyAsync(() -> catchThrowable(() -> runtime.exec("print('started') " + code)));
            started.latch.await();
            Thread.sleep(Duration.ofMillis(20)); // let it get going
            assertThat(runtime.interrupt()).isTrue();
            Throwable failure = end.join();
            assertThat(started.text()).doesNotContain("survived");
            assertThat(runtime.interrupt()).isFalse();
            assertThat(runtime.exec("local x = 0 for i = 1, 1000 do x = x + i end print(x)"))
                    .isZero();
            assertThat(started.text()).endsWith("500500\n");
            return failure;
        }
    }

    private static void stops(String code) throws InterruptedException {
        assertThat(interrupted(new Script(), InputStream.nullInputStream(), code))
                .isInstanceOfSatisfying(
                        ScriptException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(ScriptException.Kind.INTERRUPTED));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "while true do end",
                "while true do pcall(function() while true do end end) end print('survived')",
                "while true do xpcall(function() while true do end end, function() while true do end end) end",
                "local function f() return pcall(f) end while true do f() end",
                "while true do pcall(coroutine.wrap(function() while true do end end)) end",
                "local function nest(n) while true do if n > 0 then pcall(coroutine.wrap(nest), n - 1) end end end nest(8)",
                "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
                "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
                "coroutine.wrap(function() table.sort({1, 2, 3}, function() while true do end end) end)()",
                "while true do string.gsub('xxxx', 'x', function() while true do end end) end",
                "local t = setmetatable({}, {__index = function() while true do end end}) print(t.x)",
                "local g <close> = setmetatable({}, {__close = function() while true do end end}) while true do end",
                "while true do local ok = pcall(load, function() while true do end end) end",
                "debug.sethook(function() end, 'c') while true do end",
                "debug.sethook() while true do end",
                "for i = 1, math.huge do io.write('') end",
                "::top:: goto top",
                "for _ in string.gmatch(('x'):rep(1e6), 'x') do while true do end end",
            })
    void stopsAScriptThatComputes(String code) throws InterruptedException {
        stops(code);
    }

    @Test
    void saysWhereTheScriptWas() throws InterruptedException {
        Throwable failure = interrupted(new Script(), InputStream.nullInputStream(), "\n\nwhile true do end");
        assertThat(failure).hasMessage("(command line):3: interrupted");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Agent.create{model = 'x'}:complete('stuck')",
                "Agent.create{model = 'x'}:complete('endless')",
                "while true do pcall(function() Agent.create{model = 'x'}:complete('stuck') end) end",
                "Agent.create{model = 'x'}:stream('stuck', print)",
                "Agent.create{model = 'x'}:stream('endless', function() end)",
                "coroutine.wrap(function() Agent.create{model = 'x'}:stream('stuck', print) end)()",
            })
    void stopsAReplyAndClosesIt(String code) throws InterruptedException {
        Script script = new Script();
        Throwable failure = interrupted(script, InputStream.nullInputStream(), code);
        assertThat(failure).isInstanceOf(ScriptException.class).hasMessageContaining("interrupted");
        assertThat(script.models.streamClosed).isTrue();
    }

    @Test
    void stopsADownload() throws InterruptedException {
        Script script = new Script();
        Throwable failure = interrupted(script, InputStream.nullInputStream(), "LocalLLM.pull('stuck')");
        assertThat(failure).hasMessageContaining("interrupted");
        for (int i = 0; i < 1000 && !script.models.pullInterrupted; i++) {
            Thread.sleep(10);
        }
        assertThat(script.models.pullInterrupted).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "io.read()",
                "io.read('a')",
                "for line in io.lines() do end",
                "while true do pcall(io.read, 'n') end",
                "io.stdin:read(10)"
            })
    void stopsAScriptThatWaitsForInput(String code) throws IOException, InterruptedException {
        try (PipedOutputStream silent = new PipedOutputStream();
                PipedInputStream in = new PipedInputStream(silent)) {
            assertThat(interrupted(new Script(), in, code))
                    .isInstanceOf(ScriptException.class)
                    .hasMessageContaining("interrupted");
        }
    }

    @Test
    void keepsInputThatArrivesAfterAnInterruptedRead() throws Exception {
        Started started = new Started();
        try (PipedOutputStream keyboard = new PipedOutputStream();
                PipedInputStream in = new PipedInputStream(keyboard);
                LuaRuntime runtime = LuaRuntime.builder(new FakeModels(), Config.load(null, Map.of()))
                        .input(in)
                        .output(started)
                        .build()) {
            CompletableFuture<Throwable> end = CompletableFuture.supplyAsync(
                    () -> catchThrowable(() -> runtime.exec("io.write('>') io.stdout:flush() io.read()")));
            started.latch.await();
            Thread.sleep(Duration.ofMillis(20));
            runtime.interrupt();
            assertThat(end.join()).hasMessageContaining("interrupted");
            keyboard.write("typed later\n".getBytes(StandardCharsets.UTF_8));
            keyboard.flush();
            runtime.exec("print(io.read())");
        }
        assertThat(started.text()).isEqualTo(">typed later\n");
    }

    @Test
    void anInterruptOfTheCallersThreadStopsTheScript() throws InterruptedException {
        Script script = new Script();
        try (LuaRuntime runtime = script.open()) {
            CompletableFuture<Throwable> end = new CompletableFuture<>();
            Thread caller = Thread.ofPlatform().start(() -> {
                end.complete(catchThrowable(
                        () -> runtime.exec("Agent.create{model = 'x'}:stream('endless', function() end)")));
            });
            script.models.generating.await();
            caller.interrupt();
            assertThat(end.join()).hasMessageContaining("interrupted");
        }
    }
}
