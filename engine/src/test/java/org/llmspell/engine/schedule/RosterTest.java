package org.llmspell.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llmspell.engine.FinishReason;
import org.llmspell.engine.Options;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.PagePool;
import org.llmspell.engine.cache.SequenceCache;
import org.llmspell.engine.grammar.BoundGrammar;
import org.llmspell.engine.grammar.Grammar;
import org.llmspell.engine.grammar.GrammarCache;
import org.llmspell.engine.tokenizer.Tokenizer;

/** Who runs and who waits, step by step, without a scheduler. */
class RosterTest {
    private static final int PAGE = KvLayout.PAGE_TOKENS;
    private static final int CONTEXT = 20 * PAGE;
    private static final int PROMPT = 2 * PAGE;
    /** Pages that a sequence of {@link #PROMPT} tokens is admitted with: its own and those for 128 tokens more. */
    private static final int ADMITTED = 2 + 128 / PAGE;

    private final RecallingModel model = new RecallingModel(false);
    private final Tokenizer tokenizer = RecallingModel.tokenizer();
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment logits = arena.allocate(RecallingModel.VOCABULARY * Float.BYTES, 64);
    /** Room for three sequences as they are admitted. */
    private final PagePool pages = new PagePool(model.cacheLayout(), Batcher.ROWS, new int[] {3 * ADMITTED, 64}, true);

    private Roster roster = new Roster(model, pages, 16);

    @BeforeEach
    void theNextTokenIsAlwaysTheFirstLetter() {
        logits.setAtIndex(ValueLayout.JAVA_FLOAT, 1, 1);
    }

    @AfterEach
    void close() {
        roster.close();
        pages.close();
        model.close();
        arena.close();
    }

    private Sequence sequence(int first, @Nullable BoundGrammar grammar) {
        int[] prompt = new int[PROMPT];
        Arrays.fill(prompt, first);
        TokenStream stream = new TokenStream(System.nanoTime(), PROMPT, () -> {});
        return new Sequence(tokenizer, prompt, Options.greedy(-1), CONTEXT, grammar, Set.of(), 0, stream);
    }

    private Sequence submit(int first) {
        Sequence sequence = sequence(first, null);
        roster.submit(new Roster.Job(sequence, () -> {}));
        return sequence;
    }

    private void write(Sequence sequence, int tokens) {
        for (int i = 0; i < tokens; i++) {
            sequence.advance(logits, 0, 0, 0);
        }
    }

    /** Writes for a reader who keeps up; each token is a chunk. */
    private void writeRead(Sequence sequence, int tokens) throws InterruptedException {
        for (int i = 0; i < tokens; i++) {
            write(sequence, 1);
            read(sequence, 1);
        }
    }

    private List<Sequence> running() {
        return roster.running().stream().map(Roster.Job::sequence).toList();
    }

    @Test
    void thoseTurnedOutComeBackInTheirOrderAndBeforeAllYoungerOnes() throws InterruptedException {
        Sequence oldest = submit(1);
        Sequence second = submit(2);
        Sequence third = submit(3);
        Sequence fourth = submit(4);
        roster.update();
        assertThat(running()).as("there is room for three").containsExactly(oldest, second, third);

        // More than its own pages and those of the third.
        writeRead(oldest, (2 * ADMITTED + 1) * PAGE - PROMPT);
        roster.secure();
        assertThat(running()).containsExactly(oldest);
        roster.update();
        assertThat(running()).as("not even the second fits beside it").containsExactly(oldest);

        oldest.finish(FinishReason.STOP);
        roster.update();
        assertThat(running()).containsExactly(second, third, fourth);
    }

    @Test
    void theOneThatNeedsPagesGivesWayItselfIfItIsTheYoungest() {
        Sequence oldest = submit(1);
        Sequence second = submit(2);
        Sequence third = submit(3);
        roster.update();
        write(third, ADMITTED * PAGE);
        roster.secure();
        assertThat(running()).containsExactly(oldest, second);
    }

    /** Writes for a reader who reads nothing, until it is held. */
    private void writeUntilHeld(Sequence sequence) {
        write(sequence, TokenStream.CAPACITY);
        assertThat(sequence.ended()).isFalse();
        roster.update();
        assertThat(sequence.held()).isTrue();
    }

    private static void read(Sequence sequence, int chunks) throws InterruptedException {
        for (int i = 0; i < chunks; i++) {
            assertThat(sequence.stream().next()).isNotNull();
        }
    }

    @Test
    void whoIsHeldGivesItsPlaceToWhoWaitsAndComesBackInItsOrder() throws InterruptedException {
        PagePool many = new PagePool(model.cacheLayout(), Batcher.ROWS, new int[] {100, 64}, true);
        roster = new Roster(model, many, 2);
        Sequence oldest = submit(1);
        Sequence second = submit(2);
        roster.update();

        writeUntilHeld(oldest);
        assertThat(running()).as("nobody needs its place").containsExactly(oldest, second);
        Sequence third = submit(3);
        Sequence fourth = submit(4);
        roster.update();
        assertThat(running()).containsExactly(second, third);

        // It goes on when its reader has caught up, and not before; then it comes before all younger ones.
        read(oldest, TokenStream.CAPACITY - TokenStream.CAUGHT_UP - 1);
        third.finish(FinishReason.STOP);
        roster.update();
        assertThat(running()).containsExactly(second, fourth);
        read(oldest, 1);
        roster.update();
        assertThat(running()).as("nobody makes way for it").containsExactly(second, fourth);
        second.finish(FinishReason.STOP);
        roster.update();
        assertThat(running()).containsExactly(oldest, fourth);
        roster.close();
        many.close();
    }

    @Test
    void whoIsHeldGivesItsPagesBeforeTheYoungest() {
        Sequence oldest = submit(1);
        Sequence second = submit(2);
        Sequence third = submit(3);
        roster.update();
        writeUntilHeld(second);

        write(third, ADMITTED * PAGE - PROMPT + 1);
        roster.secure();
        assertThat(running()).containsExactly(oldest, third);
    }

    @Test
    void whoIsHeldAsksForNoPages() {
        Sequence oldest = submit(1);
        Sequence second = submit(2);
        Sequence third = submit(3);
        roster.update();
        writeUntilHeld(third);

        roster.secure();
        assertThat(running()).containsExactly(oldest, second, third);
    }

    @Test
    void comingBackChangesNothingThatWasCountedOrSaid() throws InterruptedException {
        // Begun anew, the grammar would have three letters follow the first.
        Sequence sequence = sequence(1, new GrammarCache(tokenizer).bind(Grammar.gbnf("root ::= \"a\" [a-b] \"c\"")));
        sequence.admitted(admit(sequence));
        sequence.cache().append(sequence.tokens(), 0, PROMPT);
        sequence.cache().commit();
        write(sequence, 1);

        sequence.suspend();
        SequenceCache again = admit(sequence);
        assertThat(again.cachedTokens()).as("its own tokens are found").isEqualTo(PROMPT);
        sequence.admitted(again);
        write(sequence, 2);
        assertThat(sequence.ended()).isTrue();

        StringBuilder text = new StringBuilder();
        TokenStream stream = sequence.stream();
        for (var chunk = stream.next(); chunk != null; chunk = stream.next()) {
            text.append(chunk.text());
        }
        assertThat(text.toString()).isEqualTo("aac");
        assertThat(stream.summary().cachedTokens()).as("when it began").isZero();
        sequence.release();
    }

    private SequenceCache admit(Sequence sequence) {
        return Objects.requireNonNull(pages.admit(0, sequence.prompt(), sequence.capacity(), PROMPT + PAGE));
    }
}
