package org.llmspell.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.llmspell.engine.Engine;
import org.llmspell.engine.EngineOptions;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.speed.SpeedRun;
import org.llmspell.engine.speed.SpeedTest;

/** This project's engine as a process to be timed: {@code FILE THREADS CONTEXT}. */
final class OurEngine implements TimedEngine {
    private final Engine engine;
    private final ModelLease model;
    private final SpeedRun run;

    private OurEngine(Path file, int threads, int contextLength) throws InterruptedException {
        engine = new Engine(new EngineOptions(threads, Duration.ZERO, 1, null));
        model = engine.open(file, null);
        run = new SpeedRun(model, contextLength);
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Path file = Path.of(args[0]);
        try (OurEngine engine = new OurEngine(file, Integer.parseInt(args[1]), Integer.parseInt(args[2]))) {
            TimedEngine.serve(engine, file);
        }
    }

    @Override
    public String describe() {
        return "llmspell, " + engine.kernels();
    }

    @Override
    public void warmUp(SpeedTest test) {
        run.warmUp(test);
    }

    @Override
    public double measure(SpeedTest test) {
        return run.measure(test);
    }

    @Override
    public void close() {
        run.close();
        model.close();
        engine.close();
    }
}
