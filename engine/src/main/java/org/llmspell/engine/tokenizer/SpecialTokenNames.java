package org.llmspell.engine.tokenizer;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The special tokens that models are known to end with, by their texts: files name some of them in no other way, or mark
 * them as ordinary text. Source: llama.cpp, src/llama-vocab.cpp, August 2026.
 */
final class SpecialTokenNames {
    /** End a turn; the first that a vocabulary has is its {@code eot}. */
    private static final List<String> END_OF_TURN = List.of(
            "<|eot_id|>",
            "<|im_end|>",
            "<|end|>",
            "<end_of_turn>",
            "<end_of_utterance>",
            "<EOT>",
            "_<EOT>",
            "[EOT]",
            "<|end_of_text|>",
            "<｜end▁of▁sentence｜>",
            "<|endoftext|>");

    /** End generation as well: of a message to a tool, of a text, of a file in a repository. */
    private static final List<String> END_OF_OTHER = List.of(
            "<|eom_id|>",
            "<|return|>",
            "<|call|>",
            "<|flush|>",
            "<|calls|>",
            "</s>",
            "[EOS]",
            "<eos>",
            "<turn|>",
            "<|tool_response>",
            "[e~[",
            "<|fim_pad|>",
            "<fim-pad>",
            "<fim_pad>",
            "<PAD>",
            "[PAD]",
            "<|fim_repo|>",
            "<|repo_name|>",
            "<fim-repo>",
            "<REPO>",
            "<reponame>",
            "<|file_sep|>");

    private SpecialTokenNames() {}

    /** The first end-of-turn token, in the order of the list, that is among {@code ends}; −1 if none is. */
    static int endOfTurn(Vocabulary vocabulary, Set<Integer> ends) {
        return END_OF_TURN.stream()
                .mapToInt(vocabulary::find)
                .filter(ends::contains)
                .findFirst()
                .orElse(-1);
    }

    /** The tokens whose names say that generation ends there. */
    static Set<Integer> endOfGeneration(Vocabulary vocabulary) {
        Set<Integer> ends = new LinkedHashSet<>();
        END_OF_TURN.forEach(name -> add(name, vocabulary, ends));
        END_OF_OTHER.forEach(name -> add(name, vocabulary, ends));
        Set<String> names = new HashSet<>();
        ends.forEach(id -> names.add(vocabulary.piece(id)));
        // In these two families of tokenizers the shorter token ends a part of a message that goes on.
        boolean harmony = names.contains("<|return|>") && names.contains("<|call|>");
        boolean solar = names.contains("<|flush|>") && (names.contains("<|call|>") || names.contains("<|calls|>"));
        if (harmony || solar) {
            ends.remove(vocabulary.find("<|end|>"));
        }
        if (names.contains("<|tool_response>")) {
            ends.remove(vocabulary.find("</s>"));
        }
        return ends;
    }

    private static void add(String name, Vocabulary vocabulary, Set<Integer> ends) {
        int id = vocabulary.find(name);
        if (id >= 0) {
            ends.add(id);
        }
    }
}
