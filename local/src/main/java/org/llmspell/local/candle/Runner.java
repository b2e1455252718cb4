package org.llmspell.local.candle;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.Engine;
import org.llmspell.engine.EngineOptions;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.ResidentModel;

/** What the backend needs of {@link Engine}, so that tests can have models fail as real ones seldom do. Thread-safe. */
interface Runner extends AutoCloseable {
    ModelLease open(Path file, @Nullable Duration keepAlive) throws InterruptedException;

    List<Path> resident();

    List<ResidentModel> residentModels();

    String kernels();

    @Override
    void close();

    /** An engine of its own. */
    static Runner engine(EngineOptions options) {
        Engine engine = new Engine(options);
        return new Runner() {
            @Override
            public ModelLease open(Path file, @Nullable Duration keepAlive) throws InterruptedException {
                return engine.open(file, keepAlive);
            }

            @Override
            public List<Path> resident() {
                return engine.resident();
            }

            @Override
            public List<ResidentModel> residentModels() {
                return engine.residentModels();
            }

            @Override
            public String kernels() {
                return engine.kernels();
            }

            @Override
            public void close() {
                engine.close();
            }
        };
    }
}
