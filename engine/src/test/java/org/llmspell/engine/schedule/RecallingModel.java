package org.llmspell.engine.schedule;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.llmspell.engine.cache.KvLayout;
import org.llmspell.engine.cache.KvLayout.Precision;
import org.llmspell.engine.cache.StatePages;
import org.llmspell.engine.layer.Batch;
import org.llmspell.engine.layer.ForwardPass;
import org.llmspell.engine.layer.Linear;
import org.llmspell.engine.layer.NoNorm;
import org.llmspell.engine.layer.Rows;
import org.llmspell.engine.layer.Widths;
import org.llmspell.engine.model.Model;
import org.llmspell.engine.tokenizer.SpecialTokens;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.engine.tokenizer.Tokenizers;
import org.llmspell.engine.tokenizer.Vocabulary;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.WeightMatrix;

/**
 * A model that counts instead of multiplying: it keeps each token and its position in the pages of its cache, and the next token
 * follows from everything it finds there, so that one wrong or foreign token in a page changes the reply. Mostly a token is
 * followed by its successor, so that a text repeats itself now and then and guesses come true now and then.
 */
final class RecallingModel implements Model, AutoCloseable {
    static final int END = 9;
    static final int VOCABULARY = 10;
    static final int WINDOW = 50;
    private static final int HEAD = 8;
    private static final int PAGE = KvLayout.PAGE_TOKENS;
    private static final int MODULUS = 65_521;

    private final Arena arena = Arena.ofShared();
    private final WeightMatrix identity;
    private final boolean recurrent;

    /** Tokens that went through it. */
    final AtomicLong computed = new AtomicLong();

    /** @param recurrent with a layer that keeps a state */
    RecallingModel(boolean recurrent) {
        this.recurrent = recurrent;
        MemorySegment data = arena.allocate(VOCABULARY * VOCABULARY * Float.BYTES, 64);
        for (int i = 0; i < VOCABULARY; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i * VOCABULARY + i, 1);
        }
        identity = new WeightMatrix(BlockFormat.F32, VOCABULARY, VOCABULARY, data);
    }

    /** {@code <unk>}, the letters a to h, and the end. */
    static Tokenizer tokenizer() {
        return Tokenizers.sentencePiece(
                Vocabulary.of(
                        List.of("<unk>", "a", "b", "c", "d", "e", "f", "g", "h", "</s>"),
                        new int[] {2, 1, 1, 1, 1, 1, 1, 1, 1, 3},
                        new float[VOCABULARY]),
                new SpecialTokens(-1, END, -1, 0, -1, false, false, Set.of(END)),
                false);
    }

    /** What it says after {@code prompt}, at most {@code most} tokens, the end not included. */
    int[] reply(int[] prompt, int most) {
        int[] tokens = Arrays.copyOf(prompt, prompt.length + most);
        int length = prompt.length;
        while (length < tokens.length) {
            long all = 0;
            long near = 0;
            long state = 0;
            for (int i = 0; i < length; i++) {
                all += mark(tokens[i], i);
                near += i > length - 1 - WINDOW ? mark(tokens[i], i) : 0;
                state = recurrent ? next(state, tokens[i]) : 0;
            }
            int token = choose(tokens[length - 1], all, near, state);
            if (token == END) {
                break;
            }
            tokens[length++] = token;
        }
        return Arrays.copyOfRange(tokens, prompt.length, length);
    }

    private static long mark(int token, int position) {
        return (token + 1L) * (position % 13 + 1);
    }

    private static long next(long state, int token) {
        return (state * 31 + token + 1) % MODULUS;
    }

    private static int choose(int last, long all, long near, long state) {
        long sum = all * 7 + near * 3 + state;
        if (sum % 211 == 0) {
            return END;
        }
        return sum % 11 == 0 ? (int) (1 + sum / 11 % 8) : 1 + last % 8;
    }

    @Override
    public boolean forward(ForwardPass pass) {
        if (pass.abandoned()) {
            return false;
        }
        computed.addAndGet(pass.rows());
        pass.embed(identity, 1);
        for (Batch.Slice slice : pass.batch.slices()) {
            slice(pass.memory.stream, slice);
        }
        pass.logits(new NoNorm(), new Linear(identity, null), 1, 0);
        return true;
    }

    private void slice(Rows stream, Batch.Slice slice) {
        StatePages states = recurrent ? slice.cache().states() : null;
        long state = states == null ? 0 : (long) states.before(2).getAtIndex(ValueLayout.JAVA_FLOAT, 0);
        for (int i = 0; i < slice.rows(); i++) {
            int row = slice.firstRow() + i;
            int position = slice.firstPosition() + i;
            int token = token(stream, row);
            for (int layer = 0; layer < 2; layer++) {
                write(slice.cache().keys(layer), position, token);
                write(slice.cache().values(layer), position, token);
            }
            if (states != null) {
                state = next(state, token);
                if (states.keeps() && states.keptRows() == i + 1) {
                    states.kept(2).setAtIndex(ValueLayout.JAVA_FLOAT, 0, (float) state);
                }
            }
            long all = sum(slice.cache().keys(0), 0, position);
            long near = sum(slice.cache().values(1), Math.max(0, position - WINDOW + 1), position);
            int chosen = choose(token, all, near, state);
            for (int k = 0; k < VOCABULARY; k++) {
                stream.data().setAtIndex(ValueLayout.JAVA_FLOAT, stream.at(row) + k, k == chosen ? 1 : 0);
            }
        }
        if (states != null) {
            states.after(2).setAtIndex(ValueLayout.JAVA_FLOAT, 0, (float) state);
        }
    }

    private static int token(Rows stream, int row) {
        int token = 0;
        while (stream.data().getAtIndex(ValueLayout.JAVA_FLOAT, stream.at(row) + token) == 0) {
            token++;
        }
        return token;
    }

    private static void write(MemorySegment[] pages, int position, int token) {
        MemorySegment page = pages[position / PAGE];
        long slot = (long) position % PAGE * HEAD;
        page.setAtIndex(ValueLayout.JAVA_SHORT, slot, (short) token);
        page.setAtIndex(ValueLayout.JAVA_SHORT, slot + 1, (short) position);
    }

    private static long sum(MemorySegment[] pages, int from, int to) {
        long sum = 0;
        for (int position = from; position <= to; position++) {
            MemorySegment page = pages[position / PAGE];
            long slot = (long) position % PAGE * HEAD;
            if (page.getAtIndex(ValueLayout.JAVA_SHORT, slot + 1) != position) {
                throw new IllegalStateException("the page of position " + position + " is another's");
            }
            sum += mark(page.getAtIndex(ValueLayout.JAVA_SHORT, slot), position);
        }
        return sum;
    }

    @Override
    public int contextLength() {
        return 1000;
    }

    @Override
    public Widths widths() {
        return new Widths(VOCABULARY, 0, 8, 8, 8, 8, 1, 8, 0, 0, 0, 0, 0, VOCABULARY, 0, Widths.Recurrent.NONE);
    }

    @Override
    public KvLayout cacheLayout() {
        List<KvLayout.Layer> layers = new ArrayList<>(List.of(
                KvLayout.Layer.attention(1, HEAD, HEAD),
                KvLayout.Layer.attention(1, HEAD, HEAD).withWindow(WINDOW)));
        if (recurrent) {
            layers.add(KvLayout.Layer.recurrent(1));
        }
        return new KvLayout(layers, Precision.HALF);
    }

    @Override
    public int cacheVariant(int contextLength) {
        return 0;
    }

    @Override
    public int poolingType() {
        return 0;
    }

    @Override
    public boolean embed(ForwardPass pass) {
        throw new UnsupportedOperationException("this model generates");
    }

    @Override
    public void close() {
        arena.close();
    }
}
