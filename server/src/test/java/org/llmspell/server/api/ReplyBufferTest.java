package org.llmspell.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.llmspell.engine.ToolCall;
import org.llmspell.local.ChatChunk;

/** What waits for a reader: nothing is lost, in any order but its own, or too large. */
@Timeout(60)
class ReplyBufferTest {
    private final ReplyBuffer buffer = new ReplyBuffer();

    private static ChatChunk answer(String text) {
        return new ChatChunk(text, List.of());
    }

    private static ChatChunk thought(String text) {
        return new ChatChunk("", text, List.of(), List.of());
    }

    private static ChatChunk likely(int id) {
        ChatChunk.TokenLogprob other = new ChatChunk.TokenLogprob("b", 0, -2, List.of());
        return new ChatChunk("a", List.of(new ChatChunk.TokenLogprob("a", id, -1, Collections.nCopies(20, other))));
    }

    private List<ChatChunk> takeAll() throws InterruptedException {
        List<ChatChunk> taken = new ArrayList<>();
        for (ChatChunk piece = buffer.take(); piece != null; piece = buffer.take()) {
            taken.add(piece);
        }
        return taken;
    }

    @Test
    void aReaderWhoIsNearGetsThePiecesAsTheyAre() throws InterruptedException {
        List<ChatChunk> pieces = new ArrayList<>();
        for (int i = 0; i < ReplyBuffer.SEPARATE; i++) {
            pieces.add(answer(i + " "));
            buffer.put(pieces.getLast());
        }
        buffer.end();

        assertThat(takeAll()).isEqualTo(pieces);
        assertThat(buffer.take()).isNull();
    }

    @Test
    void aReaderWhoIsFarBehindGetsTheSameTextInFewerPieces() throws InterruptedException {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            buffer.put(answer(i + " "));
            all.append(i).append(' ');
        }
        buffer.end();

        List<ChatChunk> taken = takeAll();
        StringBuilder text = new StringBuilder();
        taken.forEach(piece -> text.append(piece.text()));
        assertThat(text.toString()).isEqualTo(all.toString());
        assertThat(taken).hasSizeBetween(ReplyBuffer.SEPARATE, 1000);
        assertThat(taken).allSatisfy(piece -> assertThat(piece.text()).hasSizeLessThan(10_000));
    }

    @Test
    void onlyPiecesOfOneKindAreJoined() throws InterruptedException {
        for (int i = 0; i < ReplyBuffer.SEPARATE; i++) {
            buffer.put(answer("."));
        }
        ChatChunk call = new ChatChunk("", "", List.of(new ToolCall("id", "f", Map.of())), List.of());
        for (ChatChunk piece : List.of(
                thought("a"), thought("b"), answer("c"), answer("d"), call, call, answer("e"), likely(7), likely(8))) {
            buffer.put(piece);
        }
        buffer.end();

        List<ChatChunk> last = takeAll();
        last = last.subList(ReplyBuffer.SEPARATE, last.size());
        assertThat(last.subList(0, 4)).containsExactly(thought("ab"), answer("cd"), call, call);
        assertThat(last.subList(4, last.size())).singleElement().satisfies(piece -> {
            assertThat(piece.text()).isEqualTo("eaa");
            assertThat(piece.logprobs()).extracting(ChatChunk.TokenLogprob::id).containsExactly(7, 8);
        });
    }

    @Test
    void itIsFullUntilHalfOfItIsTaken() throws Exception {
        int put = 0;
        while (!buffer.full()) {
            buffer.put(likely(put++));
        }
        assertThat(put).isBetween(1000, 10_000);
        try (ExecutorService thread = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> room = thread.submit(() -> {
                buffer.awaitRoom();
                return null;
            });
            int taken = 0;
            while (buffer.full()) {
                taken += taken().logprobs().size();
            }
            assertThat(room.isDone())
                    .as("there is room for a piece, and not for many")
                    .isFalse();
            while (taken < put / 2) {
                taken += taken().logprobs().size();
            }
            room.get();
        }
    }

    private ChatChunk taken() throws InterruptedException {
        ChatChunk piece = buffer.take();
        assertThat(piece).isNotNull();
        return piece;
    }

    @Test
    void aFailureComesAfterWhatWasMadeBeforeIt() throws InterruptedException {
        buffer.put(answer("begun"));
        buffer.fail(new IllegalArgumentException("broken"));
        buffer.end();

        assertThat(buffer.take()).isEqualTo(answer("begun"));
        assertThatThrownBy(buffer::take)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("broken");
        buffer.fail(new OutOfMemoryError("no memory"));
        assertThatThrownBy(buffer::take).isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void whatNobodyWantsIsNotKeptAndHoldsNobodyUp() throws InterruptedException {
        while (!buffer.full()) {
            buffer.put(likely(0));
        }
        buffer.abandon();
        assertThat(buffer.full()).isFalse();
        buffer.awaitRoom();
        buffer.put(answer("more"));
        buffer.end();

        assertThat(buffer.abandoned()).isTrue();
        assertThat(buffer.take()).isNull();
    }
}
