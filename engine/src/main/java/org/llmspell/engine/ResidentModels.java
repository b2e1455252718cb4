package org.llmspell.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The models in memory: loads each file once, in the background, counts who uses it, and unloads it when nobody has for its
 * keep-alive time, when more models are resident than allowed or another needs its memory (least recently used first), or when its
 * file was replaced. A model in use is never unloaded, so that more than the allowed number stay while all of them are in use.
 * Thread-safe.
 */
final class ResidentModels implements AutoCloseable, MemoryBudget.Relief {
    private final LoadedModel.Machine machine;
    private final Map<Path, Resident> byPath = new HashMap<>();
    /** Those that are being loaded from the files that are there now. */
    private final Map<Path, Loading> loadingByPath = new HashMap<>();

    private final Set<Loading> loading = new HashSet<>();
    /** Those in {@link #byPath}, those whose file was replaced while they are in use, and those that are being unloaded. */
    private final Set<Resident> loaded = new HashSet<>();

    private final ScheduledExecutorService timer;
    private boolean closed;
    private long clock;

    /** A model with its users; guarded by the lock of {@link ResidentModels}. */
    final class Resident {
        private final FileIdentity identity;
        private final LoadedModel model;
        private Duration keepAlive;
        private int users;
        private long lastUse;
        /** Counts departures, so that an expiry that was set before the last one means nothing. */
        private long idleSince;

        private Instant releasedAt = Instant.EPOCH;

        private boolean replaced;
        /** Whether it was taken out and nobody uses it: its memory is being freed. */
        private boolean leaving;

        private @Nullable Future<?> expiry;

        private Resident(FileIdentity identity, LoadedModel model, Duration keepAlive) {
            this.identity = identity;
            this.model = model;
            this.keepAlive = keepAlive;
        }

        LoadedModel model() {
            return model;
        }

        void retain() {
            synchronized (ResidentModels.this) {
                retain(1);
            }
        }

        private void retain(int more) {
            users += more;
            lastUse = ++clock;
            if (expiry != null) {
                expiry.cancel(false);
            }
        }

        void release() {
            ResidentModels.this.release(this);
        }
    }

    /** @param machine makes what the models share out of the budget that has their memory */
    ResidentModels(LongSupplier availableMemory, Function<MemoryBudget, LoadedModel.Machine> machine) {
        this.machine = machine.apply(new MemoryBudget(availableMemory, this));
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("llmspell-keep-alive").daemon().factory());
    }

    /**
     * The model in {@code file} with one more user, and how long loading took: zero if it was there. A file that is being loaded
     * already is waited for. If the waiting is interrupted, loading goes on, for others and for the model's keep-alive time.
     *
     * @throws EngineException if it cannot be loaded
     * @throws IllegalStateException if the engine is closed, or is while this waits
     */
    Opened open(Path file, Duration keepAlive) throws InterruptedException {
        List<Resident> leaving = new ArrayList<>();
        Loading joined;
        synchronized (this) {
            requireOpen();
            FileIdentity identity = FileIdentity.of(file);
            Resident resident = byPath.get(identity.path());
            if (resident != null && resident.identity.equals(identity)) {
                resident.keepAlive = keepAlive;
                resident.retain(1);
                return new Opened(resident, Duration.ZERO);
            }
            if (resident != null) {
                resident.replaced = true;
                drop(resident, leaving);
            }
            Loading there = loadingByPath.get(identity.path());
            joined = there != null && there.identity().equals(identity) ? there : start(new Loading(identity, file));
            joined.join(keepAlive);
        }
        unload(leaving);
        try {
            return joined.await();
        } catch (InterruptedException e) {
            leave(joined);
            throw e;
        }
    }

    private Loading start(Loading begun) {
        begun.start(() -> load(begun));
        loading.add(begun);
        loadingByPath.put(begun.identity().path(), begun);
        return begun;
    }

    /** On the thread of the load. */
    private void load(Loading begun) {
        try {
            LoadedModel model = machine.budget().makingRoom(() -> LoadedModel.load(begun.file(), machine));
            if (!add(begun, model)) {
                model.close(); // the engine was, and has told those who wait
            }
        } catch (Throwable e) { // whatever it is, it is for those who wait
            synchronized (this) {
                forget(begun);
            }
            begun.failed(e);
        }
    }

    /** Takes a model in, with a user for each who waits; false if the engine is closed. */
    private boolean add(Loading begun, LoadedModel model) {
        List<Resident> leaving = new ArrayList<>();
        synchronized (this) {
            boolean current = forget(begun);
            if (closed) {
                return false;
            }
            Resident resident = new Resident(begun.identity(), model, begun.keepAlive());
            resident.replaced = !current;
            resident.retain(begun.waiting());
            begun.arrived(resident);
            loaded.add(resident);
            if (!resident.replaced) {
                byPath.put(resident.identity.path(), resident);
            }
            if (resident.users == 0) {
                depart(resident, leaving);
            } else {
                trim(machine.options().maxResidentModels(), leaving);
            }
        }
        unload(leaving);
        return true;
    }

    /** Whether the load was of the file that was there when it was last asked for. */
    private boolean forget(Loading begun) {
        loading.remove(begun);
        return loadingByPath.remove(begun.identity().path(), begun);
    }

    /** Somebody does not wait any more. */
    private void leave(Loading joined) {
        Resident arrived;
        synchronized (this) {
            joined.leave();
            arrived = joined.arrived();
        }
        if (arrived != null) {
            arrived.release();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
    }

    record Opened(Resident resident, Duration loadTime) {}

    /** What is in memory, by path. The counts of pages come without the lock, since they wait for a pass in progress. */
    List<ResidentModel> describe() {
        record Seen(Resident resident, int users, @Nullable Instant expiresAt) {}
        List<Seen> seen = new ArrayList<>();
        synchronized (this) {
            for (Resident resident : byPath.values()) {
                Instant from = resident.users > 0 ? Instant.now() : resident.releasedAt;
                Instant expiresAt =
                        resident.keepAlive.isNegative() ? null : from.plusMillis(saturated(resident.keepAlive));
                seen.add(new Seen(resident, resident.users, expiresAt));
            }
        }
        seen.sort(Comparator.comparing(each -> each.resident.identity.path()));
        List<ResidentModel> models = new ArrayList<>();
        for (Seen each : seen) {
            LoadedModel model = each.resident.model;
            models.add(new ResidentModel(
                    each.resident.identity.path(),
                    model.fileBytes(),
                    Math.min(model.trainedContextLength(), LoadedModel.defaultContext(machine.options())),
                    each.users,
                    each.expiresAt,
                    model.pagesInUse(),
                    model.pagesAllocated()));
        }
        return models;
    }

    synchronized List<Path> paths() {
        return byPath.keySet().stream().sorted().toList();
    }

    private void release(Resident resident) {
        List<Resident> leaving = new ArrayList<>();
        synchronized (this) {
            resident.users--;
            resident.lastUse = ++clock;
            if (resident.users == 0 && !closed) {
                depart(resident, leaving);
            }
        }
        unload(leaving);
    }

    /** The last user has gone. */
    private void depart(Resident resident, List<Resident> leaving) {
        resident.releasedAt = Instant.now();
        if (resident.replaced || resident.keepAlive.isZero()) {
            drop(resident, leaving);
            return;
        }
        trim(machine.options().maxResidentModels(), leaving);
        long departure = ++resident.idleSince;
        if (resident.keepAlive.isPositive()) {
            resident.expiry = timer.schedule(
                    () -> expire(resident, departure), saturated(resident.keepAlive), TimeUnit.MILLISECONDS);
        }
    }

    private void expire(Resident resident, long departure) {
        List<Resident> leaving = new ArrayList<>();
        synchronized (this) {
            if (resident.users == 0 && resident.idleSince == departure && !closed) {
                drop(resident, leaving);
            }
        }
        unload(leaving);
    }

    /** Takes idle models out, the least recently used first, until at most {@code most} are left or all are in use. */
    private void trim(int most, List<Resident> leaving) {
        while (byPath.size() > most) {
            Optional<Resident> oldest = byPath.values().stream()
                    .filter(resident -> resident.users == 0)
                    .min(Comparator.comparingLong(resident -> resident.lastUse));
            if (oldest.isEmpty()) {
                return;
            }
            drop(oldest.get(), leaving);
        }
    }

    /** Takes a model out; one in use is unloaded by its last user. */
    private void drop(Resident resident, List<Resident> leaving) {
        byPath.remove(resident.identity.path(), resident);
        if (resident.users == 0 && loaded.contains(resident)) {
            resident.leaving = true;
            leaving.add(resident);
        }
    }

    /** Frees the memory of models that were taken out. Not under the lock, since it waits for passes that are being given up. */
    private void unload(List<Resident> leaving) {
        if (leaving.isEmpty()) {
            return;
        }
        leaving.forEach(this::close);
        synchronized (this) {
            if (!closed) {
                timer.execute(NativeHeap::trim);
            }
        }
    }

    private void close(Resident resident) {
        try {
            resident.model.close();
        } finally {
            synchronized (this) {
                loaded.remove(resident);
            }
        }
    }

    @Override
    public boolean unloadIdle() {
        List<Resident> leaving = new ArrayList<>();
        synchronized (this) {
            // What others are unloading will be free in a moment.
            loaded.stream().filter(resident -> resident.leaving).forEach(leaving::add);
            if (leaving.isEmpty()) {
                trim(byPath.size() - 1, leaving);
            }
        }
        leaving.forEach(this::close);
        if (!leaving.isEmpty()) {
            NativeHeap.trim();
        }
        return !leaving.isEmpty();
    }

    @Override
    public boolean shrinkUsed() {
        List<Resident> used;
        synchronized (this) {
            used = new ArrayList<>(loaded);
            used.sort(Comparator.comparingLong(resident -> resident.lastUse));
        }
        // What is promised alone costs nobody anything; what is kept has to be computed again.
        for (boolean kept : new boolean[] {false, true}) {
            for (Resident resident : used) {
                if (resident.model.giveBack(kept)) {
                    NativeHeap.trim();
                    return true;
                }
            }
        }
        return false;
    }

    private static long saturated(Duration duration) {
        return duration.compareTo(Duration.ofDays(365)) > 0
                ? Duration.ofDays(365).toMillis()
                : duration.toMillis();
    }

    /**
     * Unloads everything, also models in use, whose generations are cancelled. Those who wait for a model are told at once;
     * this waits until what is being loaded has been freed.
     */
    @Override
    public void close() {
        List<Resident> all;
        List<Loading> unfinished;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            all = new ArrayList<>(loaded);
            unfinished = new ArrayList<>(loading);
            byPath.clear();
        }
        timer.shutdownNow();
        unfinished.forEach(begun -> begun.failed(new IllegalStateException("the engine is closed")));
        // Not under the lock, which a generation that ends now needs.
        all.forEach(this::close);
        unfinished.forEach(Loading::awaitEnd);
        if (!all.isEmpty() || !unfinished.isEmpty()) {
            NativeHeap.trim();
        }
    }
}
