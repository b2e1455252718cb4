package org.llmspell.engine.tokenizer;

import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.tokenizer.split.PreTokenizers;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufMetadata;

/**
 * Makes the tokenizer that a GGUF file describes under {@code tokenizer.ggml.*}, the only place that knows those keys.
 * Their meaning, and the defaults for absent ones, follow the GGUF specification and llama.cpp (src/llama-vocab.cpp).
 */
public final class Tokenizers {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final long NONE = 0xFFFF_FFFFL;

    private Tokenizers() {}

    /**
     * The tokenizer of a file. Everything is copied: the file may be closed afterwards.
     *
     * @throws EngineException {@code UNSUPPORTED_MODEL} for a kind of tokenizer or pre-tokenizer that is not known, {@code
     *     BROKEN_MODEL} for keys that are missing, of the wrong type, or contradict each other
     */
    public static Tokenizer from(GgufMetadata metadata) {
        try {
            return read(metadata);
        } catch (GgufException e) {
            throw new EngineException(
                    Problem.BROKEN_MODEL,
                    String.valueOf(e.getMessage()),
                    List.of("Download the model again, or take another conversion of it."));
        }
    }

    /**
     * A SentencePiece tokenizer from plain data.
     *
     * @param spacePrefix whether encoding puts a space before a text
     */
    public static Tokenizer sentencePiece(Vocabulary vocabulary, SpecialTokens specials, boolean spacePrefix) {
        return new VocabularyTokenizer(
                vocabulary,
                specials,
                new SpecialTokenMatcher(vocabulary, new BitSet(), new BitSet()),
                new SentencePieceEncoder(vocabulary, specials.unknown(), spacePrefix));
    }

    /**
     * A byte-level BPE tokenizer from plain data.
     *
     * @param merges {@code left right}, highest precedence first
     * @param preTokenizer a name in {@link PreTokenizers}
     */
    public static Tokenizer bytePair(
            Vocabulary vocabulary, List<String> merges, String preTokenizer, SpecialTokens specials) {
        return new VocabularyTokenizer(
                vocabulary,
                specials,
                new SpecialTokenMatcher(vocabulary, new BitSet(), new BitSet()),
                new BytePairEncoder(vocabulary, merges, EncoderReader.rule(preTokenizer), specials.unknown()));
    }

    private static Tokenizer read(GgufMetadata metadata) throws GgufException {
        String name = metadata.string(PREFIX + "model").orElseThrow(() -> metadata.missing(PREFIX + "model"));
        TokenizerKind kind = TokenizerKind.named(name)
                .orElseThrow(() -> new EngineException(
                        Problem.UNSUPPORTED_MODEL,
                        "unsupported tokenizer model " + BrokenVocabulary.quote(name) + "; supported are "
                                + TokenizerKind.names(),
                        List.of("Take a model whose tokenizer.ggml.model is one of these.")));
        List<String> pieces =
                metadata.strings(PREFIX + "tokens").orElseThrow(() -> metadata.missing(PREFIX + "tokens"));
        Vocabulary declared = Vocabulary.of(
                pieces,
                metadata.ints(PREFIX + "token_type").orElse(new int[0]),
                metadata.floats(PREFIX + "scores").orElse(new float[0]));
        Set<Integer> ends = SpecialTokenNames.endOfGeneration(declared);
        Vocabulary vocabulary = declared.withControl(ends);
        SpecialTokens specials = specialTokens(metadata, vocabulary, ends, kind);
        return new VocabularyTokenizer(
                vocabulary,
                specials,
                matcher(metadata, vocabulary),
                new EncoderReader(metadata, vocabulary, specials).read(kind));
    }

    private static SpecialTokens specialTokens(
            GgufMetadata metadata, Vocabulary vocabulary, Set<Integer> namedEnds, TokenizerKind kind)
            throws GgufException {
        int bos = id(metadata, "bos_token_id", vocabulary, kind.bos);
        int eos = id(metadata, "eos_token_id", vocabulary, kind.eos);
        if (kind == TokenizerKind.WORD_PIECE) {
            bos = id(metadata, "cls_token_id", vocabulary, bos);
            // So the key is written.
            eos = id(metadata, "seperator_token_id", vocabulary, kind.eos);
        }
        int unknown = id(metadata, "unknown_token_id", vocabulary, kind.unknown);
        int padding = id(metadata, "padding_token_id", vocabulary, kind.padding);
        int eot = id(metadata, "eot_token_id", vocabulary, SpecialTokenNames.endOfTurn(vocabulary, namedEnds));
        int eom = id(metadata, "eom_token_id", vocabulary, -1);
        Set<Integer> ends = new LinkedHashSet<>(namedEnds);
        for (int end : new int[] {eos, eot, eom}) {
            if (end >= 0) {
                ends.add(end);
            }
        }
        return new SpecialTokens(
                bos,
                eos,
                eot,
                unknown,
                padding,
                bos >= 0 && addsBos(metadata, kind),
                eos >= 0 && addsEos(metadata, kind),
                Set.copyOf(ends));
    }

    private static boolean addsBos(GgufMetadata metadata, TokenizerKind kind) throws GgufException {
        Optional<Boolean> said = metadata.bool(PREFIX + "add_bos_token");
        return switch (kind) {
            case SENTENCE_PIECE -> said.orElse(true);
            case BYTE_PAIR, GEMMA_PAIR, WORD_PAIR -> {
                PreTokenizers.Rule rule = EncoderReader.rule(metadata, kind);
                yield rule.symbols() == PreTokenizers.Symbols.GEMMA || said.orElse(rule.addBos());
            }
            case WORD_PIECE -> true;
            case UNIGRAM -> said.orElse(false);
            case RWKV, PLAMO -> false;
        };
    }

    private static boolean addsEos(GgufMetadata metadata, TokenizerKind kind) throws GgufException {
        Optional<Boolean> said = metadata.bool(PREFIX + "add_eos_token");
        return switch (kind) {
            case SENTENCE_PIECE, BYTE_PAIR, GEMMA_PAIR, WORD_PAIR -> said.orElse(false);
            case WORD_PIECE -> true;
            case UNIGRAM -> said.orElse(true);
            case RWKV, PLAMO -> false;
        };
    }

    /** The id at {@code key}; {@code otherwise}, if there is such a token, where the key is absent; −1 for none. */
    private static int id(GgufMetadata metadata, String key, Vocabulary vocabulary, int otherwise)
            throws GgufException {
        OptionalLong id = metadata.longValue(PREFIX + key);
        if (id.isEmpty()) {
            return otherwise < vocabulary.size() ? otherwise : -1;
        }
        // Files say "none" with 2^32 − 1, or −1 where they use a signed type.
        if (id.getAsLong() == NONE || id.getAsLong() == -1) {
            return -1;
        }
        if (id.getAsLong() < 0 || id.getAsLong() >= vocabulary.size()) {
            throw BrokenVocabulary.because(
                    PREFIX + key + " is " + id.getAsLong() + ", but there are only " + vocabulary.size() + " tokens");
        }
        return (int) id.getAsLong();
    }

    /** Which tokens swallow white space is in no key; llama.cpp knows it of these models. */
    private static SpecialTokenMatcher matcher(GgufMetadata metadata, Vocabulary vocabulary) throws GgufException {
        String name = metadata.string("general.name").orElse("").toLowerCase(Locale.ROOT);
        String architecture = metadata.string("general.architecture").orElse("");
        String pre = metadata.string(PREFIX + "pre").orElse("");
        BitSet left = new BitSet();
        BitSet right = new BitSet();
        if (pre.startsWith("jina-v2-")
                || architecture.equals("nomic-bert-moe")
                || architecture.equals("jina-bert-v3")) {
            set(left, vocabulary.find("<mask>"));
        } else if (name.contains("modern-bert")) {
            set(left, vocabulary.find("[MASK]"));
        } else if (name.contains("phi-3") || name.contains("phi3")) {
            Predicate<String> strips =
                    piece -> !Set.of("<unk>", "<s>", "<|endoftext|>").contains(piece);
            for (int id = 0; id < vocabulary.size(); id++) {
                boolean special = vocabulary.type(id) == TokenType.USER_DEFINED || !vocabulary.isText(id);
                right.set(id, special && strips.test(vocabulary.piece(id)));
            }
        }
        return new SpecialTokenMatcher(vocabulary, left, right);
    }

    private static void set(BitSet ids, int id) {
        if (id >= 0) {
            ids.set(id);
        }
    }
}
