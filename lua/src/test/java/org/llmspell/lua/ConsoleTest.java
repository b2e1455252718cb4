package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llmspell.local.config.Config;

class ConsoleTest {
    @Test
    void printsAsLuaDoes() {
        assertThat(Script.output("""
                        print() print(nil, true, 1, 1.0, 2^53, "x")
                        print(setmetatable({}, {__tostring = function() return "mine" end}))
                        print(pcall(print, setmetatable({}, {__tostring = function() return {} end})))
                        io.write(1, " ", 1.0, " ", 0.1, " ", "x", "\\n")
                        print(io.write("chained "):write("writes") == io.stdout)
                        print(pcall(io.write, {}))
                        io.stdout:write("a\\0b👋\\n")
                        """)).isEqualTo("""

                        nil\ttrue\t1\t1.0\t9.007199254741e+15\tx
                        mine
                        false\t'__tostring' must return a string
                        1 1 0.1 x
                        chained writestrue
                        false\tbad argument #1 to 'write' (string expected, got table)
                        a\0b👋
                        """);
    }

    @Test
    void readsInEveryFormat() {
        Script script = new Script().input("line one\nline two\n  12 0x1F -3.5e1 .5 nope\nrest\0é\nlast");
        assertThat(script.run("""
                        print(io.read()) print(io.read("L"))
                        print(io.read("n", "n", "n", "n"))
                        print(io.read("n"))
                        print(io.read(0), io.read(4), io.read("*l"))
                        print(#io.read("a"), io.read("a"), io.read("l"), io.read(0), io.read("n"))
                        print(pcall(function() io.read("x") end))
                        print(pcall(function() io.read({}) end))
                        print(pcall(function() io.read(1.5) end))
                        """)).isEqualTo("""
                        line one
                        line two

                        12\t31\t-35.0\t0.5
                        nil
                        \tnope\t
                        12\t\tnil\tnil\tnil
                        false\t(command line):6: bad argument #1 to 'read' (invalid format)
                        false\t(command line):7: bad argument #1 to 'read' (string expected, got table)
                        false\t(command line):8: bad argument #1 to 'read' (number has no integer representation)
                        """);
    }

    @Test
    void goesThroughLines() {
        Script script = new Script().input("a\n\nb\r\nc");
        assertThat(script.run("for line in io.lines() do io.write('<', line, '>') end print(io.read())"))
                .isEqualTo("<a><><b\r><c>nil\n");
        assertThat(new Script().input("1 2\n3").run("for n in io.stdin:lines('n') do io.write(n, ';') end"))
                .isEqualTo("1;2;3;");
        assertThat(new Script()
                        .input("x\n" + "y".repeat(20_000) + "\nz")
                        .run("print(io.read()) print(#io.read()) print(io.read())"))
                .isEqualTo("x\n20000\nz\n");
    }

    @Test
    void hasTheStandardStreamsAsFiles() {
        assertThat(Script.output("""
                        print(io.type(io.stdin), io.type(io.stdout), io.type(42))
                        print(io.output() == io.stdout, io.input() == io.stdin, io.stdout)
                        print(io.stdout:setvbuf("full"), io.stdout:setvbuf("no"), io.stdout:flush() == io.stdout)
                        print(io.stdout:seek("set"))
                        print(io.stdin:write("x"))
                        print(io.stdout:read())
                        print(pcall(io.stdout.write, {}, "x"))
                        print(pcall(io.stdout.setvbuf, io.stdout, "maybe"))
                        io.stdin:close()
                        print(io.type(io.stdin), pcall(io.read))
                        """)).isEqualTo("""
                           file\tfile\tnil
                           true\ttrue\tfile (stdout)
                           true\ttrue\ttrue
                           nil\tIllegal seek\t29
                           nil\tBad file descriptor\t9
                           nil\tBad file descriptor\t9
                           false\tbad argument #1 to 'write' (FILE* expected, got table)
                           false\tbad argument #1 to 'setvbuf' (invalid option 'maybe')
                           closed file\tfalse\tattempt to use a closed file
                           """);
    }

    @Test
    void redirectsToFiles(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("out.txt");
        assertThat(new Script().arguments(file.toString()).run("""
                                local path = ...
                                io.output(path) io.write("one\\n", 2, "\\n") io.close() io.output(io.stdout)
                                io.input(path) print(io.read("l", "n")) io.close(io.input()) io.input(io.stdin)
                                for line in io.lines(path) do print(line) end
                                local f <close> = assert(io.open(path, "a")) f:write("three")
                                print(io.type(f), pcall(io.lines, path .. "x"))
                                print(pcall(function() io.input(path .. "x") end))
                                """))
                .isEqualTo("one\t2\none\n2\nfile\tfalse\tcannot open file '" + file + "x' (No such file or directory)\n"
                        + "false\t(command line):7: " + file + "x: No such file or directory\n");
        assertThat(file).hasContent("one\n2\nthree");
    }

    @Test
    void keepsTheOrderOfStandardOutputErrorAndPrograms() {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        OutputStream out = new BufferedOutputStream(both, 1 << 16);
        try (LuaRuntime runtime = LuaRuntime.builder(new FakeModels(), emptyConfig())
                .output(out)
                .error(both)
                .build()) {
            runtime.exec("io.write('1 ') io.stderr:write('2 ') print('3') warn('@on') warn('4', '5') io.write('6')");
        }
        assertThat(both).hasToString("1 2 3\nLua warning: 45\n6");
    }

    @Test
    void keepsTheOrderAmongJavasOwnOutput() {
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(new BufferedOutputStream(written), false);
        try (LuaRuntime runtime =
                LuaRuntime.builder(new FakeModels(), emptyConfig()).output(out).build()) {
            out.print("a ");
            runtime.exec("io.write('b ')");
            out.print("c ");
            runtime.exec("print('d')");
        }
        out.flush();
        assertThat(written).hasToString("a b c d\n");
    }

    @Test
    void showsThePromptBeforeItWaits() {
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        OutputStream out = new BufferedOutputStream(written);
        InputStream asks = new InputStream() {
            @Override
            public int read() {
                return -1;
            }

            @Override
            public int read(byte[] into, int from, int count) {
                written.write('|');
                return -1;
            }
        };
        try (LuaRuntime runtime = LuaRuntime.builder(new FakeModels(), emptyConfig())
                .output(out)
                .input(asks)
                .build()) {
            runtime.exec("io.write('You: ') io.read() print('bye')");
        }
        assertThat(written).hasToString("You: |bye\n");
    }

    @Test
    void flushesBeforeAChildProcessWrites(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("both.txt");
        try (OutputStream out = new BufferedOutputStream(
                        Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
                LuaRuntime runtime = LuaRuntime.builder(new FakeModels(), emptyConfig())
                        .output(out)
                        .build()) {
            runtime.exec("io.write('first ') os.execute('printf second >> \"" + file + "\"')");
        }
        assertThat(file).hasContent("first second");
    }

    @Test
    void endsTheScriptWhenNobodyReadsItsOutput() {
        OutputStream broken = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        try (LuaRuntime runtime = LuaRuntime.builder(new FakeModels(), emptyConfig())
                .output(broken)
                .build()) {
            assertThat(org.assertj.core.api.Assertions.catchThrowable(
                            () -> runtime.exec("while true do io.write('x') end")))
                    .hasMessage("(command line):1: cannot write to standard output: Broken pipe");
        }
    }

    private static Config emptyConfig() {
        return Config.load(null, Map.of(), Map.of(), Path.of("nowhere"));
    }
}
