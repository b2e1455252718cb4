package org.llmspell.engine;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.grammar.BoundGrammar;
import org.llmspell.engine.grammar.Grammar;
import org.llmspell.engine.grammar.GrammarCache;
import org.llmspell.engine.model.Architectures;
import org.llmspell.engine.model.Hyperparameters;
import org.llmspell.engine.model.Model;
import org.llmspell.engine.model.ModelSource;
import org.llmspell.engine.model.Tensors;
import org.llmspell.engine.schedule.Batcher;
import org.llmspell.engine.schedule.Embedder;
import org.llmspell.engine.schedule.Scheduler;
import org.llmspell.engine.score.WindowScorer;
import org.llmspell.engine.speed.PassRunner;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.engine.tokenizer.Tokenizers;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.kernels.Kernels;
import org.llmspell.kernels.WorkerPool;

/**
 * A model in memory with all that belongs to it: mapped file, weights, tokenizer, prompt format, cache and batcher. Thread-safe;
 * the last user's departure must precede {@link #close}.
 */
final class LoadedModel implements AutoCloseable {
    private final GgufFile file;
    private final Model model;
    private final Tokenizer tokenizer;
    private final ChatPrompts prompts;
    private final GrammarCache grammars;
    /** Null for a model that only embeds. */
    private final @Nullable Batcher batcher;

    private final Embedder embedder;
    private final TextEmbedding embedding;
    /** What the budget promises the batcher's cache; null where there is no batcher. */
    private final @Nullable CacheAllowance allowance;

    private final MemoryLedger.Weights weights;
    private final MemoryBudget budget;
    private final Scheduler scheduler;
    private final Duration loadTime;
    private final Machine machine;
    /** Held while texts are scored or given tokens computed, so that nothing is unmapped under a pass. */
    private final ReentrantLock scoring = new ReentrantLock();

    /** Held while the model is closed. */
    private final Object unloading = new Object();

    private volatile boolean closing;

    /** What all models of an engine share. */
    record Machine(
            Kernels kernels,
            WorkerPool workers,
            Scheduler scheduler,
            MemoryBudget budget,
            EngineOptions options,
            boolean prefixSharing) {}

    /** @param weights the budget's entry of this model; belongs to the model once it is made, as does {@code file} */
    private LoadedModel(GgufFile file, Machine machine, MemoryLedger.Weights weights, long startedAt)
            throws GgufException {
        this.file = file;
        this.weights = weights;
        this.machine = machine;
        this.budget = machine.budget;
        this.scheduler = machine.scheduler;
        String architecture = file.metadata()
                .string("general.architecture")
                .orElseThrow(() -> file.metadata().missing("general.architecture"));
        if (file.tensors().isEmpty()) {
            throw new EngineException(
                    Problem.UNSUPPORTED_MODEL,
                    "The file holds a vocabulary and no weights, so there is no model to run",
                    List.of("Use a file with weights; this one serves to tokenize"));
        }
        Architectures.require(architecture);
        this.tokenizer = Tokenizers.from(file.metadata());
        this.prompts = ChatPrompts.of(file.metadata(), tokenizer);
        this.grammars = new GrammarCache(tokenizer);
        // Few and small are the vectors that have to be copied: the collector may free them.
        Tensors tensors = new Tensors(name -> file.tensor(name).orElse(null), machine.kernels, Arena.ofAuto());
        Hyperparameters parameters = new Hyperparameters(file.metadata(), architecture);
        this.model = Architectures.load(new ModelSource(
                parameters,
                tensors,
                tokenizer.vocabularySize(),
                machine.options.cacheType() == EngineOptions.CacheType.Q8_0));
        this.embedder = new Embedder(model, machine.kernels, machine.workers, scheduler);
        this.batcher = model.generates() ? newBatcher() : null;
        this.allowance = batcher == null
                ? null
                : new CacheAllowance(
                        budget,
                        model.cacheLayout(),
                        batcher,
                        Math.min(model.contextLength(), defaultContext(machine.options)));
        this.embedding = new TextEmbedding(model, tokenizer, embedder, budget);
        this.loadTime = Duration.ofNanos(System.nanoTime() - startedAt);
        scheduler.add(embedder);
        if (batcher != null) {
            scheduler.add(batcher);
        }
    }

    private Batcher newBatcher() {
        MemoryLedger.Promise promise = budget.activations(model.widths());
        try {
            KvLayout layout = model.cacheLayout();
            PagePool pages =
                    new PagePool(layout, Batcher.ROWS, new int[layout.groups().size()], machine.prefixSharing);
            return new Batcher(model, tokenizer, machine.kernels, machine.workers, scheduler, pages);
        } finally {
            promise.close(); // they are allocated, or not needed
        }
    }

    /**
     * Loads a model.
     *
     * @throws EngineException if the file is no model that this engine runs, or there is no memory for it
     */
    static LoadedModel load(Path path, Machine machine) {
        long startedAt = System.nanoTime();
        GgufFile file = null;
        MemoryLedger.Weights weights = null;
        boolean loaded = false;
        try {
            file = GgufFile.open(path);
            weights = machine.budget.weights(file.fileBytes());
            LoadedModel model = new LoadedModel(file, machine, weights, startedAt);
            loaded = true;
            return model;
        } catch (GgufException e) {
            throw new EngineException(
                    Problem.BROKEN_MODEL, String.valueOf(e.getMessage()), List.of("Fetch the model again"));
        } catch (OutOfMemoryError e) {
            throw new EngineException(
                    Problem.OUT_OF_MEMORY,
                    "Failed to allocate tensor: there is no memory to load the model",
                    List.of("Use a smaller model", "Close other programs"));
        } finally {
            if (!loaded && weights != null) {
                weights.close();
            }
            if (!loaded && file != null) {
                file.close();
            }
        }
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    ChatPrompts prompts() {
        return prompts;
    }

    int trainedContextLength() {
        return model.contextLength();
    }

    Duration loadTime() {
        return loadTime;
    }

    /** Bytes of all its files. */
    long fileBytes() {
        return file.fileBytes();
    }

    /** Pages of the cache that sequences hold or have been promised. */
    int pagesInUse() {
        return batcher == null ? 0 : batcher.pagesInUse();
    }

    /** Pages of the cache that have memory. */
    int pagesAllocated() {
        return batcher == null ? 0 : IntStream.of(batcher.pagesAllocated()).sum();
    }

    /**
     * What generates.
     *
     * @throws EngineException of kind {@code UNSUPPORTED_MODEL} if the model only embeds texts
     */
    Batcher batcher() {
        if (batcher == null) {
            throw new EngineException(
                    Problem.UNSUPPORTED_MODEL,
                    "The model only embeds texts, so there is no chatting with it",
                    List.of("Use it with `llmspell embed` or LocalLLM.embed", "Use a language model to chat"));
        }
        return batcher;
    }

    TextEmbedding embedding() {
        return embedding;
    }

    /**
     * Starts a generation; {@code whenEnded} is run once, when it holds nothing of the model any more.
     *
     * @param contextLength as asked for; the model's own is the upper limit
     * @param grammar that the reply follows; null for any text
     * @param shown control tokens to write out in the text
     * @param draftTokens tokens that may be guessed for one pass
     * @throws EngineException if the prompt, an option or the context does not do; {@code whenEnded} is then not run
     */
    Generation generate(
            int[] prompt,
            SamplingOptions sampling,
            int contextLength,
            @Nullable Grammar grammar,
            Set<Integer> shown,
            int draftTokens,
            Runnable whenEnded) {
        Batcher generator = batcher();
        EngineOptions.requireDrafts(draftTokens);
        if (contextLength < 1) {
            throw new EngineException(
                    Problem.INVALID_OPTION,
                    "The context length is " + contextLength + "; allowed: 1 or more",
                    List.of());
        }
        if (prompt.length == 0) {
            throw new EngineException(
                    Problem.INVALID_OPTION, "The prompt is empty", List.of("Give the model some text to go on from"));
        }
        checkTokens(prompt);
        int context = Math.min(contextLength, model.contextLength());
        checkFits(prompt.length, context);
        BoundGrammar bound = grammar == null ? null : grammars.bind(grammar);
        CacheAllowance.Claim claim = budget.makingRoom(() -> allowance().claim(context));
        boolean started = false;
        try {
            Generation generation = generator.generate(prompt, sampling, context, bound, shown, draftTokens, () -> {
                claim.close();
                whenEnded.run();
            });
            started = true;
            return generation;
        } finally {
            if (!started) {
                claim.close();
            }
        }
    }

    private CacheAllowance allowance() {
        return Objects.requireNonNull(allowance, "a model that generates has a cache");
    }

    /**
     * Gives memory back that nothing of the model needs now.
     *
     * @param kept also what is allocated and kept for later requests
     * @return whether there was any
     */
    boolean giveBack(boolean kept) {
        return (allowance != null && allowance.giveBack(kept)) || (kept && embedding.giveBack());
    }

    /** Prepares for scoring; {@code whenEnded} is run once, when it holds nothing of the model any more. */
    ModelLease.Scoring scoring(int texts, int contextLength, int batch, Runnable whenEnded) {
        batcher();
        KvLayout layout = model.cacheLayout();
        int[] limits = layout.groups().stream()
                .mapToInt(group -> texts * group.need(contextLength, batch))
                .toArray();
        MemoryLedger.Promise promise = budget.makingRoom(() -> budget.scoring(model.widths(), batch, layout, limits));
        return taking(promise, () -> {
            PagePool pages = new PagePool(layout, batch, limits, false);
            WindowScorer scorer =
                    new WindowScorer(model, machine.kernels, machine.workers, pages, batch, this::isAbandoned);
            long activations = WindowScorer.bytes(model.widths(), batch);
            promise.takenAs(() -> activations + pages.allocatedBytes());
            return new TextScoring(scorer, ending(promise, whenEnded));
        });
    }

    /** Makes what holds a promise until it ends; without it the promise is given back. */
    private static <T> T taking(MemoryLedger.Promise promise, Supplier<T> making) {
        boolean made = false;
        try {
            T it = making.get();
            made = true;
            return it;
        } finally {
            if (!made) {
                promise.close();
            }
        }
    }

    private static Runnable ending(MemoryLedger.Promise promise, Runnable whenEnded) {
        return () -> {
            promise.close();
            whenEnded.run();
        };
    }

    private boolean isAbandoned() {
        return closing || Thread.currentThread().isInterrupted();
    }

    /** Prepares for computing given tokens; {@code whenEnded} is run once, when nothing of the model is held any more. */
    ModelLease.Passes passes(int contextLength, Runnable whenEnded) {
        batcher();
        KvLayout layout = model.cacheLayout();
        int[] limits = MemoryBudget.need(layout, contextLength);
        MemoryLedger.Promise promise =
                budget.makingRoom(() -> budget.passes(model.widths(), contextLength, layout, limits));
        return taking(promise, () -> {
            PagePool pages = new PagePool(layout, Batcher.ROWS, limits, true);
            PassRunner runner =
                    new PassRunner(model, machine.kernels, machine.workers, pages, contextLength, this::isAbandoned);
            long activations = model.widths().bytes(Batcher.ROWS, 1);
            promise.takenAs(() -> activations + pages.allocatedBytes());
            return new GivenPasses(runner, ending(promise, whenEnded));
        });
    }

    /** Passes that keep the model from being unmapped while they compute. */
    private final class GivenPasses implements ModelLease.Passes {
        private final PassRunner runner;
        private final Runnable whenEnded;
        private boolean closed;

        GivenPasses(PassRunner runner, Runnable whenEnded) {
            this.runner = runner;
            this.whenEnded = whenEnded;
        }

        @Override
        public void begin(int[] past) {
            run(past, runner::begin);
        }

        @Override
        public void compute(int[] tokens) {
            run(tokens, runner::compute);
        }

        private void run(int[] tokens, Consumer<int[]> work) {
            if (closed) {
                throw new IllegalStateException("the passes are closed");
            }
            checkTokens(tokens);
            scoring.lock();
            try {
                if (closing) {
                    throw new CancellationException("the model was closed");
                }
                work.accept(tokens);
            } finally {
                scoring.unlock();
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                runner.close();
                whenEnded.run();
            }
        }
    }

    /** A scorer that keeps the model from being unmapped while it computes. */
    private final class TextScoring implements ModelLease.Scoring {
        private final WindowScorer scorer;
        private final Runnable whenEnded;
        private boolean closed;

        TextScoring(WindowScorer scorer, Runnable whenEnded) {
            this.scorer = scorer;
            this.whenEnded = whenEnded;
        }

        @Override
        public double[][] logProbabilities(List<int[]> texts, int from) {
            if (closed) {
                throw new IllegalStateException("the scoring is closed");
            }
            texts.forEach(LoadedModel.this::checkTokens);
            scoring.lock();
            try {
                if (closing) {
                    throw new CancellationException("the model was closed");
                }
                return scorer.score(texts, from);
            } finally {
                scoring.unlock();
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                scorer.close();
                whenEnded.run();
            }
        }
    }

    private void checkTokens(int[] tokens) {
        for (int token : tokens) {
            if (token < 0 || token >= tokenizer.vocabularySize()) {
                throw new EngineException(
                        Problem.INVALID_OPTION,
                        "The prompt holds token %d; the vocabulary runs from 0 to %d"
                                .formatted(token, tokenizer.vocabularySize() - 1),
                        List.of());
            }
        }
    }

    private void checkFits(int promptTokens, int context) {
        if (promptTokens < context) {
            return;
        }
        boolean canGrow = promptTokens < model.contextLength();
        throw new EngineException(
                Problem.CONTEXT_EXCEEDED,
                "The prompt has %d tokens and the context holds %d%s"
                        .formatted(
                                promptTokens,
                                context,
                                promptTokens == context ? ", which leaves no room for a reply" : ""),
                canGrow
                        ? List.of(
                                "Use a context length over %d; the model was trained for %d"
                                        .formatted(promptTokens, model.contextLength()),
                                "Shorten the prompt or the conversation")
                        : List.of(
                                "Shorten the prompt or the conversation",
                                "Use a model with a longer context; this one was trained for "
                                        + model.contextLength()));
    }

    static int defaultContext(EngineOptions options) {
        Integer chosen = options.contextLength();
        return chosen == null ? EngineOptions.DEFAULT_CONTEXT : chosen;
    }

    /** Cancels what runs, frees the memory and unmaps the file; all is done when any thread's call returns. */
    @Override
    public void close() {
        closing = true;
        synchronized (unloading) {
            scheduler.remove(embedder);
            embedder.close();
            embedding.close();
            if (batcher != null) {
                scheduler.remove(batcher);
                batcher.close();
            }
            if (allowance != null) {
                allowance.close();
            }
            scoring.lock();
            try {
                file.close();
            } finally {
                scoring.unlock();
            }
            weights.close();
        }
    }
}
