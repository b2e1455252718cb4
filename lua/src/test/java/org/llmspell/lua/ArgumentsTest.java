package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ArgumentsTest {
    @Test
    void givesNamedAndPositionalArguments() {
        assertThat(new Script()
                        .arguments("first", "--name", "Ada", "--n=-3", "--verbose", "--size", "-5", "--", "--plain")
                        .run("print(ARGS[0], ARGS[1], ARGS[2], ARGS[3], ARGS.name, ARGS.n, ARGS.verbose, ARGS.size)"))
                .isEqualTo("(command line)\tfirst\t--plain\tnil\tAda\t-3\ttrue\t-5\n");
    }

    @Test
    void aFlagBeforeAnotherOrAtTheEndIsTrue() {
        assertThat(new Script().arguments("--a", "--b").run("print(ARGS.a, ARGS.b, type(ARGS.a))"))
                .isEqualTo("true\ttrue\tstring\n");
    }

    @Test
    void givesLuasOwnArguments() {
        assertThat(new Script().arguments("x", "--k", "ü👋").run("print(arg[0], #arg, arg[1], arg[2], arg[3], ...)"))
                .isEqualTo("(command line)\t3\tx\t--k\tü👋\tx\t--k\tü👋\n");
    }
}
