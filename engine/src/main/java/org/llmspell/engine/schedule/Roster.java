package org.llmspell.engine.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.model.Model;

/**
 * Says which sequences of one model run and which wait, in the order of their requests. One is admitted when there are pages for
 * its prompt and a little more; when a running one needs further pages and there are none, the youngest gives its own back and
 * waits again. So the oldest always goes on, and so does everybody in the end. Before that, a sequence that is held because its reader
 * is behind gives its place and its pages to whoever can use them: readers never stand in each other's way. What a
 * sequence computed before is computed again, or found in the prefix cache. Scheduler thread only, but for {@link #submit}.
 */
final class Roster {
    /** Tokens beyond its own that a sequence is admitted with, so that it is not the next to be turned out. */
    private static final int HEADROOM = 128;

    private final Model model;
    private final PagePool pages;
    private final int most;
    private final Queue<Job> submitted = new ConcurrentLinkedQueue<>();
    /** All that have not ended, the oldest first. */
    private final List<Job> jobs = new ArrayList<>();
    /** Those of them that have pages, in the same order. */
    private final List<Job> running = new ArrayList<>();

    private final List<Runnable> endings = new ArrayList<>();
    /** Whether no pages have come free since the first that waits was refused. */
    private boolean full;

    /** A sequence and what to do when it has ended. */
    record Job(Sequence sequence, Runnable whenEnded) {}

    /** @param most sequences that run at once */
    Roster(Model model, PagePool pages, int most) {
        this.model = model;
        this.pages = pages;
        this.most = most;
    }

    /** Takes up a request; from any thread. */
    void submit(Job job) {
        submitted.add(job);
    }

    /** Those that run, the oldest first; not to be changed. */
    List<Job> running() {
        return running;
    }

    /** Lets go of what nobody waits for any more and admits what there is room for. */
    void update() {
        reap();
        for (Job job = submitted.poll(); job != null; job = submitted.poll()) {
            jobs.add(job);
        }
        jobs.forEach(job -> job.sequence.lookForReader());
        for (int i = 0; i < jobs.size() && jobs.size() > running.size(); i++) {
            Sequence sequence = jobs.get(i).sequence;
            if (sequence.admitted() || sequence.held()) {
                continue;
            }
            if (sequence.capacity() == sequence.length()) {
                sequence.finish(FinishReason.LENGTH); // max_tokens is 0
            } else if (!admit(sequence)) {
                break;
            }
        }
        reap();
    }

    /** Whether there is a place and pages for it, if need be those of sequences that are held. */
    private boolean admit(Sequence sequence) {
        while (true) {
            if (running.size() < most && !full) {
                SequenceCache cache = pages.admit(
                        model.cacheVariant(sequence.contextLength()),
                        sequence.prompt(),
                        sequence.capacity(),
                        sequence.length() + HEADROOM);
                if (cache != null) {
                    sequence.admitted(cache);
                    findRunning();
                    return true;
                }
                full = true;
            }
            Sequence idle = youngestHeld();
            if (idle == null) {
                return false;
            }
            turnOut(idle);
        }
    }

    private @Nullable Sequence youngestHeld() {
        for (Job job : running.reversed()) {
            if (job.sequence.held()) {
                return job.sequence;
            }
        }
        return null;
    }

    private void turnOut(Sequence sequence) {
        sequence.suspend();
        findRunning();
        full = false;
    }

    private void findRunning() {
        running.clear();
        for (Job job : jobs) {
            if (job.sequence.admitted()) {
                running.add(job);
            }
        }
    }

    /** Lets go of sequences that have ended or been closed. */
    void reap() {
        boolean some = jobs.removeIf(job -> {
            boolean gone = job.sequence.ended() || job.sequence.stream().closed();
            if (gone) {
                job.sequence.release();
                endings.add(job.whenEnded);
            }
            return gone;
        });
        if (some) {
            findRunning();
            full = false;
        }
    }

    /** Sees to it that all that go on have the pages for the tokens they have, if need be by turning others out. */
    void secure() {
        for (Job job : List.copyOf(running)) {
            Sequence sequence = job.sequence;
            while (sequence.admitted() && !sequence.held() && !sequence.cache().grow(sequence.length())) {
                Sequence idle = youngestHeld();
                turnOut(idle == null ? running.getLast().sequence : idle);
            }
        }
    }

    /** Says that there may be more pages than before. */
    void roomMade() {
        full = false;
    }

    /** What to do for the sequences that have ended since it was last asked. */
    List<Runnable> endings() {
        List<Runnable> ended = List.copyOf(endings);
        endings.clear();
        return ended;
    }

    /** Cancels everything. */
    void close() {
        for (Job job = submitted.poll(); job != null; job = submitted.poll()) {
            jobs.add(job);
        }
        for (Job job : jobs) {
            job.sequence.stream().close();
            job.sequence.release();
        }
        jobs.clear();
        running.clear();
    }
}
