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
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The models in memory: loads each file once, counts who uses it, and unloads it when nobody has for its keep-alive time,
 * when more models are resident than allowed or another needs its memory (least recently used first), or when its file was
 * replaced. A model in use is never unloaded, so that more than the allowed number stay while all of them are in use.
 * Thread-safe.
 */
final class ResidentModels implements AutoCloseable {
    private final LoadedModel.Machine machine;
    private final Map<Path, Resident> byPath = new HashMap<>();
    /** Those in {@link #byPath}, and those whose file was replaced while they are in use. */
    private final Set<Resident> loaded = new HashSet<>();

    private final ScheduledExecutorService timer;
    private final ReentrantLock loading = new ReentrantLock();
    private boolean closed;
    private long clock;

    /** A model with its users; guarded by the lock of {@link ResidentModels}. */
    final class Resident {
        private final FileIdentity identity;
        private final LoadedModel model;
        private Duration keepAlive = Duration.ZERO;
        private int users;
        private long lastUse;
        /** Counts departures, so that an expiry that was set before the last one means nothing. */
        private long idleSince;

        private Instant releasedAt = Instant.EPOCH;

        private boolean replaced;
        private @Nullable Future<?> expiry;

        private Resident(FileIdentity identity, LoadedModel model) {
            this.identity = identity;
            this.model = model;
        }

        LoadedModel model() {
            return model;
        }

        void retain() {
            synchronized (ResidentModels.this) {
                users++;
                lastUse = ++clock;
                if (expiry != null) {
                    expiry.cancel(false);
                }
            }
        }

        void release() {
            ResidentModels.this.release(this);
        }

        /** Does what needs memory, which other models that nobody uses are unloaded for. */
        <T> T makingRoom(Supplier<T> work) {
            return ResidentModels.this.makingRoom(work);
        }
    }

    ResidentModels(LoadedModel.Machine machine) {
        this.machine = machine;
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("llmspell-keep-alive").daemon().factory());
    }

    /** The model in {@code file} with one more user, and how long loading took: zero if it was there. */
    Opened open(Path file, Duration keepAlive) {
        Resident resident = find(file, keepAlive);
        if (resident != null) {
            return new Opened(resident, Duration.ZERO);
        }
        // Loading takes up to a second and must not hold up the generations of other models, which end under this lock.
        loading.lock();
        try {
            resident = find(file, keepAlive);
            if (resident != null) {
                return new Opened(resident, Duration.ZERO);
            }
            FileIdentity identity = FileIdentity.of(file);
            makeRoom();
            LoadedModel model = makingRoom(() -> LoadedModel.load(file, machine));
            return new Opened(add(new Resident(identity, model), keepAlive), model.loadTime());
        } finally {
            loading.unlock();
        }
    }

    private synchronized @Nullable Resident find(Path file, Duration keepAlive) {
        requireOpen();
        FileIdentity identity = FileIdentity.of(file);
        Resident resident = byPath.get(identity.path());
        if (resident == null) {
            return null;
        }
        if (!resident.identity.equals(identity)) {
            resident.replaced = true;
            drop(resident);
            return null;
        }
        resident.keepAlive = keepAlive;
        resident.retain();
        return resident;
    }

    private synchronized void makeRoom() {
        trim(machine.options().maxResidentModels() - 1);
    }

    private synchronized Resident add(Resident resident, Duration keepAlive) {
        if (closed) {
            resident.model.close();
        }
        requireOpen();
        byPath.put(resident.identity.path(), resident);
        loaded.add(resident);
        resident.keepAlive = keepAlive;
        resident.retain();
        return resident;
    }

    private <T> T makingRoom(Supplier<T> work) {
        while (true) {
            try {
                return work.get();
            } catch (EngineException e) {
                if (e.problem() != EngineException.Problem.OUT_OF_MEMORY || !unloadOldest()) {
                    throw e;
                }
            }
        }
    }

    /** Unloads the model that nobody has used for longest; false if all are in use. */
    private synchronized boolean unloadOldest() {
        int before = byPath.size();
        trim(before - 1);
        return byPath.size() < before;
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

    private synchronized void release(Resident resident) {
        resident.users--;
        resident.lastUse = ++clock;
        resident.releasedAt = Instant.now();
        if (resident.users > 0 || closed) {
            return;
        }
        if (resident.replaced || resident.keepAlive.isZero()) {
            drop(resident);
            return;
        }
        trim(machine.options().maxResidentModels());
        long departure = ++resident.idleSince;
        if (resident.keepAlive.isPositive()) {
            resident.expiry = timer.schedule(
                    () -> expire(resident, departure), saturated(resident.keepAlive), TimeUnit.MILLISECONDS);
        }
    }

    private synchronized void expire(Resident resident, long departure) {
        if (resident.users == 0 && resident.idleSince == departure && !closed) {
            drop(resident);
        }
    }

    /** Unloads idle models, the least recently used first, until at most {@code most} are left or all are in use. */
    private void trim(int most) {
        while (byPath.size() > most) {
            Optional<Resident> oldest = byPath.values().stream()
                    .filter(resident -> resident.users == 0)
                    .min(Comparator.comparingLong(resident -> resident.lastUse));
            if (oldest.isEmpty()) {
                return;
            }
            drop(oldest.get());
        }
    }

    /** Takes a model out; one in use is unloaded by its last user. */
    private void drop(Resident resident) {
        byPath.remove(resident.identity.path(), resident);
        if (resident.users == 0) {
            loaded.remove(resident);
            resident.model.close();
        }
    }

    private static long saturated(Duration duration) {
        return duration.compareTo(Duration.ofDays(365)) > 0
                ? Duration.ofDays(365).toMillis()
                : duration.toMillis();
    }

    /** Unloads everything, also models in use, whose generations are cancelled. */
    @Override
    public void close() {
        List<Resident> all;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            all = new ArrayList<>(loaded);
            byPath.clear();
            loaded.clear();
        }
        timer.shutdownNow();
        // Not under the lock, which a generation that ends now needs.
        all.forEach(resident -> resident.model.close());
    }
}
