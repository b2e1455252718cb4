package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The time limit only keeps a failure from hanging: most of these scripts would run for ever. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SandboxTest {
    private static final Sandbox SMALL = new Sandbox(3_000_000, 16 << 20);

    private static ScriptException failure(String code) {
        return catchThrowableOfType(
                ScriptException.class, () -> new Script().sandbox(SMALL).run(code));
    }

    @Test
    void holdsNothingButWhatIsNamed() {
        assertThat(Script.sandboxed("""
                        local function names(t)
                          local list = {}
                          for name in pairs(t) do list[#list + 1] = name end
                          table.sort(list)
                          print(table.concat(list, " "))
                        end
                        names(_G) names(io) names(os) names(string)
                        """))
                .isEqualTo(
                        "ARGS Agent Config JSON LocalLLM Logging _G _VERSION arg assert collectgarbage coroutine error"
                                + " getmetatable io ipairs load math next os pairs pcall print rawequal rawget rawlen rawset select"
                                + " setmetatable string table tonumber tostring type utf8 warn xpcall\n"
                                + "lines read stderr stdin stdout type write\n"
                                + "clock date difftime exit time\n"
                                + "byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "require 'x' | attempt to call a nil value (global 'require'): not available in the sandbox",
                "io.open('/etc/passwd') | attempt to call a nil value (field 'open'): not available in the sandbox",
                "os.execute('true') | attempt to call a nil value (field 'execute'): not available in the sandbox",
                "print(debug.traceback()) | attempt to index a nil value (global 'debug'): not available in the sandbox",
                "nosuch() | attempt to call a nil value (global 'nosuch')",
                "io.lines('/etc/passwd') | files are not available in the sandbox: io.lines reads standard input alone",
                "LocalLLM.pull('x') | LocalLLM.pull is not available in the sandbox",
                "LocalLLM.remove('x') | LocalLLM.remove is not available in the sandbox",
                "LocalLLM.info('/etc/passwd') | a model file by its path is not available in the sandbox",
                "Agent.create{model = './x.gguf'} | a model file by its path is not available in the sandbox",
                "setmetatable({}, {__gc = print}) | finalizers (__gc) are not available in the sandbox",
                "collectgarbage('stop') | collectgarbage: only collect, count and step are available in the sandbox",
            })
    void saysWhatIsNotThere(String code, String message) {
        assertThat(failure(code)).hasMessage("(command line):1: " + message);
    }

    @Test
    void leavesTheRestAsItIs() {
        assertThat(new Script().sandbox(Sandbox.DEFAULT).input("typed\n").run("""
                                print(io.read(), load("return 1 + 1")(), ("x"):rep(3, "-"), #("ab"):rep(0))
                                local t = {3, 1, 2}
                                table.sort(t) table.insert(t, 4) table.insert(t, 1, 0) print(table.concat(t, " "), table.remove(t))
                                print(table.concat(table.move({1, 2, 3}, 1, 3, 2), " "), collectgarbage("count") > 0)
                                print(getmetatable(setmetatable({}, {__index = {x = 1}})).__index.x)
                                print(Agent.create{model = "tiny@candle"}:complete("hi"))
                                for line in io.stdin:lines() do print(line) end
                                local t = setmetatable({}, {__close = function() print("closed") end})
                                do local c <close> = t end
                                os.exit(0)
                                """))
                .isEqualTo("typed\t2\tx-x-x\t0\n0 1 2 3 4\t4\n1 1 2 3\ttrue\n1\ncandle[1] hi\nclosed\n");
    }

    @Test
    void complainsAboutArgumentsAtTheScriptsLine() {
        assertThat(Script.sandboxed("""
                        print(pcall(function() table.insert({}, 5, 1) end))
                        print(pcall(function() table.insert({}) end))
                        print(pcall(function() table.sort({3, 1, "x"}) end))
                        print(pcall(function() table.sort({3, 1, 2}, function() error("mine") end) end))
                        print(pcall(function() string.rep() end))
                        print(pcall(function() setmetatable(1, {}) end))
                        """)).isEqualTo("""
                           false\t(command line):1: bad argument #2 to 'insert' (position out of bounds)
                           false\t(command line):2: wrong number of arguments to 'insert'
                           false\tattempt to compare string with number
                           false\t(command line):4: mine
                           false\t(command line):5: bad argument #1 to 'rep' (string expected, got nil)
                           false\t(command line):6: bad argument #1 to 'setmetatable' (table expected, got number)
                           """);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "while true do end",
                "while true do pcall(function() while true do end end) end",
                "xpcall(function() while true do end end, function() while true do end end)",
                "table.sort({1, 2}, function() xpcall(function() while true do end end, function() while true do end end) end)",
                "while true do coroutine.wrap(function() end)() end",
                "while true do coroutine.close(coroutine.create(function() end)) end",
                "local function nest() while true do pcall(coroutine.wrap(nest)) end end nest()",
                "local c <close> = setmetatable({}, {__close = function() while true do end end}) error('x')",
                "string.gsub('x', 'x', function() while true do end end)",
                "load(function() return ' ' end)",
                "local t = setmetatable({}, {__tostring = function() while true do end end}) error(t)",
                "local t = setmetatable({}, {__index = function() return 'x' end}) table.concat(t, '', 1, 1 << 60)",
                "JSON.stringify(setmetatable({}, {__len = error}), 2) while true do JSON.parse('[[[[1]]]]') end",
            })
    void endsAfterItsInstructions(String code) {
        ScriptException failure = failure(code);
        assertThat(failure.kind()).isEqualTo(ScriptException.Kind.INSTRUCTION_LIMIT);
        assertThat(failure).hasMessageContaining("stopped after 3000000 instructions, the limit of the sandbox");
    }

    @Test
    void countsEachRunAnew() {
        Script script = new Script().sandbox(SMALL);
        try (LuaRuntime runtime = script.open()) {
            for (int i = 0; i < 4; i++) {
                assertThat(runtime.exec("for i = 1, 1000000 do end")).isZero();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "local s = 'x' while true do s = s .. s end",
                "local t = {} for i = 1, 1e9 do t[i] = i end",
                "local t = {} while true do t = {t, {}, {}} end",
                "string.rep('x', 1 << 30)",
                "('x'):rep(1 << 20):rep(1 << 20)",
                "local t = {} for i = 1, 1e7 do t[i] = ('%s'):format(i) end",
                "string.pack('c1000000000', '')",
                "table.concat({('x'):rep(1 << 22), ('y'):rep(1 << 22), ('z'):rep(1 << 22), ('w'):rep(1 << 22)})",
                "while true do pcall(string.rep, 'x', 1 << 30) end",
                "JSON.parse('[' .. ('[],'):rep(400000) .. '1]')",
                "local t = {} for i = 1, 1e6 do t[i] = coroutine.create(print) end",
                "local t = {} for i = 1, 1e6 do t[i] = LocalLLM.list() end",
            })
    void endsWhereItsMemoryDoes(String code) {
        ScriptException failure = failure(code);
        if (failure.kind() == ScriptException.Kind.RUNTIME) {
            assertThat(failure)
                    .hasMessageMatching("(?s).*(not enough memory|resulting string too large|stack overflow).*");
        } else {
            assertThat(failure.kind()).isIn(ScriptException.Kind.OUT_OF_MEMORY, ScriptException.Kind.INSTRUCTION_LIMIT);
        }
    }

    @Test
    void saysThatTheMemoryWasTheLimit() {
        ScriptException failure = failure("local s = 'x' while true do s = s .. s end");
        assertThat(failure.kind()).isEqualTo(ScriptException.Kind.OUT_OF_MEMORY);
        assertThat(failure).hasMessage("not enough memory: the limit of the sandbox is 16 MiB");
    }

    @Test
    void aScriptMayCatchThatItsMemoryIsFullAndGoOn() {
        assertThat(
                        new Script()
                                .sandbox(SMALL)
                                .run(
                                        "print(pcall(function() local s = 'x' while true do s = s .. s end end)) print(#('y'):rep(1e6))"))
                .isEqualTo("false\tnot enough memory\n1000000\n");
    }

    @Test
    void boundsWhatIsReadFromInput() {
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                return 'x';
            }

            @Override
            public int read(byte[] into, int from, int count) {
                Arrays.fill(into, from, from + count, (byte) 'x');
                return count;
            }
        };
        assertThat(new Script().sandbox(SMALL).input(endless).run("print(pcall(io.read, 'a')) print(pcall(io.read))"))
                .isEqualTo("false\tnot enough memory\nfalse\tnot enough memory\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "string.rep('', 1 << 62)",
                "string.rep('', 1 << 62, '')",
                "pcall(table.move, {}, 1, 1 << 60, 2)",
                "pcall(table.insert, setmetatable({}, {__len = function() return 1 << 60 end}), 1, 'x')",
                "pcall(table.remove, setmetatable({}, {__len = function() return 1 << 60 end}), 1)",
                "pcall(table.sort, setmetatable({}, {__len = function() return (1 << 31) - 2 end}))",
                "pcall(table.insert, setmetatable({}, {__metatable = false, __len = function() return 1 << 60 end}), 1, 1)",
                "pcall(table.unpack, {}, 1, 1 << 30)",
            })
    void doesNotGetLostInOneLongInstruction(String code) {
        assertThat(new Script().sandbox(SMALL).run(code + " print('done')")).isEqualTo("done\n");
    }

    @Test
    void refusesLimitsThatAreNone() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Sandbox(0, 1 << 20));
        assertThatIllegalArgumentException().isThrownBy(() -> new Sandbox(1, 100));
    }

    @Test
    void theLimitsAreForTheScriptAlone() {
        ScriptException failure = catchThrowableOfType(
                ScriptException.class,
                () -> new Script().sandbox(new Sandbox(1, Sandbox.LEAST_MEMORY)).run("for i = 1, 1000 do end"));
        assertThat(failure.kind()).isEqualTo(ScriptException.Kind.INSTRUCTION_LIMIT);
    }

    @Test
    void theSmallestSandboxStillRuns() {
        assertThat(new Script().sandbox(new Sandbox(1000, Sandbox.LEAST_MEMORY)).run("print('hi')"))
                .isEqualTo("hi\n");
    }
}
