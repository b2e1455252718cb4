package org.llmspell.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.llmspell.engine.speed.SpeedTest;

/** One engine with one model, in a process of its own: does what {@link EngineProcess} asks for, one line a question. */
interface TimedEngine extends AutoCloseable {
    /** What it is and how it computes. */
    String describe();

    /** Does some of what {@code test} does, so that nothing is done for the first time when it is timed. */
    void warmUp(SpeedTest test);

    /** Tokens per second. */
    double measure(SpeedTest test);

    /** Bytes of memory that the process took before the engine had its model, and that are not its own. */
    default long driverMemory() {
        return 0;
    }

    @Override
    void close();

    /**
     * Answers until standard input ends.
     *
     * @param file of the model
     */
    static void serve(TimedEngine engine, Path file) throws IOException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        out.println(engine.describe());
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "warm" -> {
                    engine.warmUp(SpeedTest.named(words[1]).orElseThrow());
                    out.println(0);
                }
                case "measure" ->
                    out.println(engine.measure(SpeedTest.named(words[1]).orElseThrow()));
                case "memory" -> out.println(ResidentMemory.beyond(file) - engine.driverMemory());
                default -> throw new IOException("no question: " + line);
            }
        }
    }
}
