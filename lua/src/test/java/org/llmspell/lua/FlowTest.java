package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.local.LocalModelException;

class FlowTest {
    private static ScriptException failure(String code) {
        return catchThrowableOfType(ScriptException.class, () -> Script.output(code));
    }

    @Test
    void isLua54() {
        assertThat(Script.output("""
                        print(_VERSION, 7 // 2, 3 | 4, math.type(1), utf8.char(233), ("x"):rep(3))
                        local limit <const> = 5
                        goto done
                        print("skipped")
                        ::done:: print(limit, string.pack("<i4", 1):byte(1, -1))
                        """)).isEqualTo("Lua 5.4\t3\t7\tinteger\té\txxx\n5\t1\t0\t0\t0\n");
    }

    @ParameterizedTest
    @CsvSource({"'', 0", "true, 0", "false, 1", "7, 7", "3.0, 3", "-1, -1"})
    void exitEndsTheScriptWithItsStatus(String code, int status) {
        Script script = new Script();
        assertThat(script.status("print('before') os.exit(" + code + ") print('after')"))
                .isEqualTo(status);
        assertThat(script.written()).isEqualTo("before\n");
    }

    @Test
    void aScriptThatEndsBySayingNothingHasStatusZero() {
        assertThat(new Script().status("return 5")).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pcall(os.exit, 7) print('after')",
                "pcall(function() os.exit(7) end) print('after')",
                "while true do pcall(function() while true do pcall(os.exit, 7) end end) end",
                "xpcall(os.exit, function() print('handler') end, 7) print('after')",
                "coroutine.wrap(function() os.exit(7) end)() print('after')",
                "print(coroutine.resume(coroutine.create(function() os.exit(7) end)))",
                "coroutine.wrap(function() local inner = coroutine.create(function() os.exit(7) end)"
                        + " coroutine.resume(inner) print('between') end)() print('after')",
                "coroutine.wrap(function() pcall(coroutine.wrap(function() os.exit(7) end)) print('between') end)()",
                "local guard <close> = setmetatable({}, {__close = function() print('closing') end}) os.exit(7)",
                "string.gsub('x', 'x', function() os.exit(7) end) print('after')",
                "table.sort({1, 2, 3}, function() os.exit(7) end) print('after')",
                "Agent.create{model = 'x'}:stream('a b c', function() os.exit(7) end) print('after')",
                "local t = setmetatable({}, {__index = function() os.exit(7) end}) print(t.x)",
                "load(function() os.exit(7) end) print('after')",
                "debug.sethook(function() os.exit(7) end, 'l')\nprint('after')",
            })
    void nothingOfTheScriptRunsAfterExit(String code) {
        Script script = new Script();
        assertThat(script.status(code)).isEqualTo(7);
        assertThat(script.written()).isEmpty();
    }

    @Test
    void refusesAStatusThatIsNone() {
        assertThat(Script.output("print(pcall(os.exit, 'x')) print(pcall(os.exit, 1.5))"))
                .isEqualTo("""
                           false\tbad argument #1 to 'exit' (number expected, got string)
                           false\tbad argument #1 to 'exit' (number has no integer representation)
                           """);
    }

    @Test
    void aRuntimeGoesOnAfterExitAndErrors() {
        Script script = new Script();
        try (LuaRuntime runtime = script.open()) {
            assertThat(runtime.exec("x = 1 os.exit(3)")).isEqualTo(3);
            assertThat(catchThrowableOfType(ScriptException.class, () -> runtime.exec("x = x + 1 error('e')")))
                    .hasMessage("(command line):1: e");
            assertThat(runtime.exec("for i = 1, 1000 do x = x + 1 end print(x)"))
                    .isZero();
        }
        assertThat(script.written()).isEqualTo("1002\n");
    }

    @Test
    void saysWhereAnErrorWasNotCaught() {
        ScriptException failure = failure("local function f()\n  error('boom')\nend\n\nf()");
        assertThat(failure.kind()).isEqualTo(ScriptException.Kind.RUNTIME);
        assertThat(failure).hasMessage("(command line):2: boom");
        assertThat(failure.script()).isEqualTo("(command line)");
        assertThat(failure.line()).isEqualTo(2);
        assertThat(failure.problem()).isEqualTo("boom");
        assertThat(failure.traceback())
                .isEqualTo("stack traceback:\n[C]: in function 'error'\n(command line):2: in local 'f'\n"
                        + "(command line):5: in main chunk");
    }

    @Test
    void saysWhereTheSyntaxIsWrong() {
        ScriptException failure = failure("print(1)\nif x then\n");
        assertThat(failure.kind()).isEqualTo(ScriptException.Kind.SYNTAX);
        assertThat(failure).hasMessageStartingWith("(command line):3: 'end' expected (to close 'if' at line 2)");
        assertThat(failure.line()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({
        "error(), (error object is a nil value)",
        "error({}), (error object is a table value)",
        "error(42), 42",
        "'error(setmetatable({}, {__tostring = function() return \"mine\" end}))', mine",
        "'error(setmetatable({}, {__tostring = error}))', (error object is a table value)",
        "error('no position'; 0), no position",
    })
    void showsAnyErrorValue(String code, String message) {
        assertThat(failure(code.replace(';', ','))).hasMessage(message);
    }

    @Test
    void givesTheReasonOfABackendThatFailed() {
        ScriptException failure = failure("\nAgent.create{model = 'missing'}:complete('x')");
        assertThat(failure)
                .hasMessageStartingWith("(command line):2: Failed to connect to Ollama server\nnothing answers");
        assertThat(failure.problem()).startsWith("Failed to connect to Ollama server\n");
        assertThat(failure)
                .cause()
                .isInstanceOfSatisfying(
                        LocalModelException.class,
                        cause -> assertThat(cause.kind()).isEqualTo(LocalModelException.Kind.BACKEND_UNAVAILABLE));
    }

    @Test
    void overflowsCleanly() {
        assertThat(failure("local function f() return 1 + f() end f()")).hasMessageContaining("stack overflow");
        assertThat(failure("local function f() return coroutine.wrap(f)() end f()"))
                .hasMessageContaining("C stack overflow");
        assertThat(failure("local function f(s) return (s:gsub('.', f)) end f('x')"))
                .hasMessageContaining("stack overflow");
        assertThat(failure("local t = setmetatable({}, {}) getmetatable(t).__index = t; print(t.x)"))
                .hasMessageContaining("loop");
    }

    @Test
    void coroutinesWorkAsInLua() {
        assertThat(Script.output("""
                        local co = coroutine.create(function(a, b)
                          local c = coroutine.yield(a + b)
                          local d, e = coroutine.yield(c * 2)
                          return d, e
                        end)
                        print(coroutine.resume(co, 1, 2)) print(coroutine.resume(co, 10))
                        print(coroutine.resume(co, "x", nil)) print(coroutine.resume(co)) print(coroutine.status(co))
                        local wrapped = coroutine.wrap(function() error("inner") end)
                        print(pcall(function() wrapped() end))
                        print(pcall(function() wrapped() end))
                        print(select(2, pcall(coroutine.wrap(function() error({code = 5}) end))).code)
                        local closing = coroutine.create(function()
                          local guard <close> = setmetatable({}, {__close = function() print("closed") end})
                          coroutine.yield()
                        end)
                        coroutine.resume(closing)
                        print(coroutine.close(closing), coroutine.status(closing))
                        print(coroutine.isyieldable(), coroutine.wrap(coroutine.isyieldable)())
                        print(pcall(coroutine.wrap, 5))
                        print(coroutine.resume(coroutine.running()))
                        print(pcall(coroutine.resume, 5))
                        """)).isEqualTo("""
                           true\t3
                           true\t20
                           true\tx\tnil
                           false\tcannot resume dead coroutine
                           dead
                           false\t(command line):9: (command line):8: inner
                           false\t(command line):10: cannot resume dead coroutine
                           5
                           closed
                           true\tdead
                           false\ttrue
                           false\tbad argument #1 to 'wrap' (function expected)
                           false\tcannot resume non-suspended coroutine
                           false\tbad argument #1 to 'resume' (coroutine expected)
                           """);
    }

    @Test
    void manyCoroutinesThatCallJavaAreCollected() {
        // each holds half a megabyte: kept, they would need 100 MB
        assertThat(new Script().sandbox(new Sandbox(1_000_000_000, 32 << 20)).run("""
                                for i = 1, 200 do
                                  local big = ("x"):rep(500000) .. i
                                  local co = coroutine.create(function() io.write("") coroutine.yield(big) end)
                                  coroutine.resume(co)
                                end
                                print("done")
                                """))
                .isEqualTo("done\n");
    }

    @Test
    void aHookOfTheScriptsOwnWorks() {
        assertThat(Script.output("""
                        local lines = {}
                        debug.sethook(function(event, line) lines[#lines + 1] = event .. line end, "l")
                        local x = 1
                        x = 2
                        debug.sethook()
                        print(table.concat(lines, " "))
                        local counts = 0
                        debug.sethook(function(event) counts = counts + 1 end, "", 100)
                        for i = 1, 10000 do end
                        debug.sethook()
                        print(counts > 50)
                        """)).isEqualTo("line3 line4 line5\ntrue\n");
    }

    @Test
    void handlersSeeTheErrorAndItsPlace() {
        assertThat(Script.output("""
                        print(xpcall(function() error("e") end, function(m) return "handled " .. m end))
                        print(xpcall(function(...) return ... end, print, 1, nil, 3))
                        print(pcall(xpcall, print, 5))
                        print((select(2, xpcall(function() error("e") end, debug.traceback)):find("e\\nstack traceback:", 1, true)))
                        """)).isEqualTo("""
                           false\thandled (command line):1: e
                           true\t1\tnil\t3
                           false\tbad argument #2 to 'xpcall' (function expected, got number)
                           19
                           """);
    }

    @Test
    void loadsTextAlone() {
        assertThat(Script.output("""
                        print(load("return 1 + 1")(), load("return x", "c", "t", {x = 5})())
                        print(load(string.dump(function() end)))
                        print(load("return 1", "c", "b"))
                        print(load("x ="))
                        print(load("return ...", "c", "bt")(7), pcall(load, "x", "c", 5))
                        local parts = {"return ", "8"}
                        print(load(function() return table.remove(parts, 1) end)())
                        """)).isEqualTo("""
                           2\t5
                           nil\tattempt to load a binary chunk (mode is 't')
                           nil\tattempt to load a binary chunk: only text is loaded
                           nil\t[string "x ="]:1: unexpected symbol near <eof>
                           7\tfalse\tbad argument #3 to 'load' (string expected, got number)
                           8
                           """);
    }

    @Test
    void loadsScriptsFromStandardInputThroughTheSameBuffer() {
        assertThat(new Script().input("first\nprint('loaded', ...)").run("print(io.read()) loadfile()(5)"))
                .isEqualTo("first\nloaded\t5\n");
        assertThat(new Script().input("return 9").run("print(dofile())")).isEqualTo("9\n");
        assertThat(Script.output("print(pcall(dofile, 'no/such.lua'))"))
                .isEqualTo("false\tcannot open no/such.lua: No such file or directory\n");
    }

    @Test
    void theLocaleStays() {
        assertThat(Script.output("print(os.setlocale(), os.setlocale('C'), os.setlocale('de_DE.UTF-8'), 1.5)"))
                .isEqualTo("C\tC\tnil\t1.5\n");
    }

    @Test
    void aClosedRuntimeRunsNothing() {
        LuaRuntime.prepare();
        LuaRuntime runtime = new Script().open();
        runtime.close();
        runtime.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> runtime.exec("print(1)"))
                .withMessage("The runtime is closed");
        assertThat(runtime.interrupt()).isFalse();
    }

    @Test
    void runsFromAVirtualThread() throws InterruptedException, ExecutionException {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            assertThat(executor.submit(() -> Script.output("print('hi')")).get())
                    .isEqualTo("hi\n");
        }
    }

    @Test
    void runtimesRunSideBySide() throws InterruptedException, ExecutionException {
        try (var executor = Executors.newFixedThreadPool(4)) {
            var results = IntStream.range(0, 8)
                    .mapToObj(i -> executor.submit(() -> Script.output(
                            "local s = 0 for i = 1, 200000 do s = s + i % " + (i + 2) + " end print(" + i + ")")))
                    .toList();
            for (int i = 0; i < results.size(); i++) {
                assertThat(results.get(i).get()).isEqualTo(i + "\n");
            }
        }
    }
}
