package org.llmspell.engine.tokenizer;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.EngineException.Problem;
import org.llmspell.engine.tokenizer.split.PreTokenizers;
import org.llmspell.engine.tokenizer.split.PreTokenizers.Rule;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufMetadata;

/** Reads how a file's vocabulary turns text into tokens: merges, scores, normalization and their defaults. */
final class EncoderReader {
    private static final String PREFIX = "tokenizer.ggml.";
    /** Its files have no merges: every token's own bytes merge into it. */
    private static final String WITHOUT_MERGES = "kimi-k2";

    private final GgufMetadata metadata;
    private final Vocabulary vocabulary;
    private final int unknown;

    EncoderReader(GgufMetadata metadata, Vocabulary vocabulary, SpecialTokens specials) {
        this.metadata = metadata;
        this.vocabulary = vocabulary;
        this.unknown = specials.unknown();
    }

    TextEncoder read(TokenizerKind kind) throws GgufException {
        return switch (kind) {
            case SENTENCE_PIECE -> new SentencePieceEncoder(vocabulary, unknown, flag("add_space_prefix", true));
            case BYTE_PAIR, GEMMA_PAIR, WORD_PAIR -> pairs(kind);
            case WORD_PIECE -> wordPiece();
            case UNIGRAM ->
                new UnigramEncoder(
                        vocabulary,
                        unknown,
                        new UnigramEncoder.Normalization(
                                flag("add_space_prefix", false), flag("remove_extra_whitespaces", false), charsmap()));
            case RWKV -> new RwkvEncoder(vocabulary, unknown);
            case PLAMO -> new PlamoEncoder(vocabulary);
        };
    }

    private boolean flag(String key, boolean absent) throws GgufException {
        return metadata.bool(PREFIX + key).orElse(absent);
    }

    private WordPieceEncoder wordPiece() throws GgufException {
        boolean lowercase = flag("normalizer.lowercase", true);
        boolean strip = flag("normalizer.strip_accents", lowercase);
        // llama.cpp drops combining accents since it knows these keys; the reference answers for files without them
        // keep
        // such accents.
        boolean said = metadata.get(PREFIX + "normalizer.lowercase").isPresent()
                || metadata.get(PREFIX + "normalizer.strip_accents").isPresent();
        return new WordPieceEncoder(
                vocabulary, unknown, new WordPieceEncoder.Normalization(lowercase, strip, strip && said));
    }

    private @Nullable Charsmap charsmap() throws GgufException {
        Optional<int[]> values = metadata.ints(PREFIX + "precompiled_charsmap");
        if (values.isEmpty() || values.get().length == 0) {
            return null;
        }
        byte[] bytes = new byte[values.get().length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values.get()[i];
        }
        return new Charsmap(bytes);
    }

    private TextEncoder pairs(TokenizerKind kind) throws GgufException {
        Rule rule = rule(metadata, kind);
        Optional<List<String>> merges = metadata.strings(PREFIX + "merges");
        if (merges.isEmpty() && !name(metadata, kind).equals(WITHOUT_MERGES)) {
            throw metadata.missing(PREFIX + "merges");
        }
        List<String> lines = merges.orElse(List.of());
        if (kind == TokenizerKind.WORD_PAIR) {
            return characters(
                    lines,
                    rule,
                    flag("normalizer.lowercase", false)
                            ? CharacterPairEncoder.Style.SEPARATED_LOWERCASE
                            : CharacterPairEncoder.Style.SEPARATED);
        }
        return switch (rule.symbols()) {
            case BYTES -> new BytePairEncoder(vocabulary, lines, rule, unknown);
            case CHARACTERS -> characters(lines, rule, CharacterPairEncoder.Style.PLAIN);
            case ESCAPED -> characters(lines, rule, CharacterPairEncoder.Style.ESCAPED);
            case GEMMA -> characters(lines, rule, CharacterPairEncoder.Style.GEMMA);
        };
    }

    private CharacterPairEncoder characters(List<String> merges, Rule rule, CharacterPairEncoder.Style style) {
        return new CharacterPairEncoder(vocabulary, merges, rule.preTokenizer(), style);
    }

    /** The rule of the file's pre-tokenizer. */
    static Rule rule(GgufMetadata metadata, TokenizerKind kind) throws GgufException {
        return rule(name(metadata, kind));
    }

    private static String name(GgufMetadata metadata, TokenizerKind kind) throws GgufException {
        return switch (kind) {
            case GEMMA_PAIR -> "gemma4";
            case WORD_PAIR -> "whitespace";
            default -> metadata.string(PREFIX + "pre").orElse("default");
        };
    }

    /** The rule called {@code name}. */
    static Rule rule(String name) {
        return PreTokenizers.named(name)
                .orElseThrow(() -> new EngineException(
                        Problem.UNSUPPORTED_MODEL,
                        "unsupported pre-tokenizer " + BrokenVocabulary.quote(name) + "; supported are "
                                + String.join(", ", PreTokenizers.names()),
                        List.of("Take a model whose tokenizer.ggml.pre is one of these.")));
    }
}
