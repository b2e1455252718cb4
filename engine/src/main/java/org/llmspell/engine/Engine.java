package org.llmspell.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.schedule.Scheduler;
import org.llmspell.kernels.KernelProvider;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WorkerPool;

/** Runs models: keeps them resident, schedules their sequences on one set of worker threads. Thread-safe. */
public final class Engine implements AutoCloseable {
    private final EngineOptions options;
    private final Kernels kernels;
    private final WorkerPool workers;
    private final Scheduler scheduler;
    private final ResidentModels models;

    /** @throws EngineException of kind {@code INVALID_OPTION} if kernels are named that there are not, or that cannot run here */
    public Engine(EngineOptions options) {
        this(options, bestKernels(), new AvailableMemory(), true);
    }

    private static Kernels bestKernels() {
        try {
            return KernelProvider.best();
        } catch (IllegalStateException e) {
            throw new EngineException(
                    EngineException.Problem.INVALID_OPTION,
                    String.valueOf(e.getMessage()),
                    List.of("Leave " + KernelProvider.VARIABLE
                            + " unset: the fastest kernels that work here are taken"));
        }
    }

    /**
     * An engine with given parts.
     *
     * @param availableMemory in bytes, asked for each model and context, from any thread
     * @param prefixSharing false computes every prompt afresh
     */
    Engine(EngineOptions options, Kernels kernels, LongSupplier availableMemory, boolean prefixSharing) {
        this.options = options;
        this.kernels = kernels;
        this.workers = new WorkerPool(
                options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors());
        this.scheduler = new Scheduler();
        this.models = new ResidentModels(
                availableMemory,
                budget -> new LoadedModel.Machine(kernels, workers, scheduler, budget, options, prefixSharing));
    }

    /**
     * A model ready to run, loaded unless it is resident. It stays resident at least until the lease is closed and its
     * generations have ended, then for {@code keepAlive} (null for the engine's default). Loading happens on a thread of its own,
     * once for all who ask meanwhile, and holds up nobody who asks for another model.
     *
     * @param file a GGUF file, or the first part of a split one
     * @throws EngineException if it cannot be loaded; all who wait for it are told the same
     * @throws InterruptedException if the thread is interrupted while it waits; the model is loaded all the same, for others who wait
     *     and for its keep-alive time
     * @throws IllegalStateException if the engine is closed, or is meanwhile
     */
    public ModelLease open(Path file, @Nullable Duration keepAlive) throws InterruptedException {
        return new Lease(models.open(file, keepAlive == null ? options.keepAlive() : keepAlive), options);
    }

    /** The files of the models in memory now. */
    public List<Path> resident() {
        return models.paths();
    }

    /** What is in memory now, by file; waits for passes in progress. */
    public List<ResidentModel> residentModels() {
        return models.describe();
    }

    /** The kernels in use and why, for status reports. */
    public String kernels() {
        return kernels.name();
    }

    /** Cancels all generations and frees everything, also models that are being loaded, whose reading it waits for. */
    @Override
    public void close() {
        models.close();
        scheduler.close();
        workers.close();
    }
}
