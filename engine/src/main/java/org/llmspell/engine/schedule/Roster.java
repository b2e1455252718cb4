package org.llmspell.engine.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.model.Model;

/**
 * Says which sequences of one model run and which wait. They come in the order of their requests. One is admitted when there are
 * pages for its prompt and a little more; when a running one needs further pages and there are none, the youngest gives its own
 * back and waits again, before all younger ones. So the oldest always goes on, and so does everybody in the end; what a sequence
 * computed before is computed again, or found in the prefix cache. Scheduler thread only, but for {@link #submit}.
 */
final class Roster {
    /** Tokens beyond its own that a sequence is admitted with, so that it is not the next to be turned out. */
    private static final int HEADROOM = 128;

    private final Model model;
    private final PagePool pages;
    private final int most;
    private final Queue<Job> submitted = new ConcurrentLinkedQueue<>();
    private final ArrayDeque<Job> waiting = new ArrayDeque<>();
    private final List<Job> running = new ArrayList<>();
    private final List<Runnable> endings = new ArrayList<>();
    /** Whether nothing has changed since the first that waits was refused. */
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
            waiting.add(job);
        }
        waiting.removeIf(job -> {
            boolean gone = job.sequence.stream().closed();
            if (gone) {
                end(job);
            }
            return gone;
        });
        while (!waiting.isEmpty() && running.size() < most && !full) {
            Sequence sequence = waiting.element().sequence;
            if (sequence.capacity() == sequence.length()) {
                sequence.finish(FinishReason.LENGTH); // max_tokens is 0
                end(waiting.remove());
                continue;
            }
            SequenceCache cache = pages.admit(
                    model.cacheVariant(sequence.contextLength()),
                    sequence.prompt(),
                    sequence.capacity(),
                    sequence.length() + HEADROOM);
            if (cache == null) {
                full = true;
                return;
            }
            sequence.admitted(cache);
            running.add(waiting.remove());
        }
    }

    /** Lets go of sequences that have ended or been closed. */
    void reap() {
        running.removeIf(job -> {
            boolean gone = job.sequence.ended() || job.sequence.stream().closed();
            if (gone) {
                end(job);
            }
            return gone;
        });
    }

    /** Sees to it that all that run have the pages for the tokens they have, if need be by turning out the youngest. */
    void secure() {
        for (int i = 0; i < running.size(); i++) {
            Sequence sequence = running.get(i).sequence;
            while (i < running.size() && !sequence.cache().grow(sequence.length())) {
                Job youngest = running.removeLast();
                youngest.sequence.suspend();
                waiting.addFirst(youngest);
                full = false;
            }
        }
    }

    private void end(Job job) {
        job.sequence.release();
        endings.add(job.whenEnded);
        full = false;
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
            waiting.add(job);
        }
        waiting.addAll(running);
        running.clear();
        for (Job job : waiting) {
            job.sequence.stream().close();
            job.sequence.release();
        }
        waiting.clear();
    }
}
