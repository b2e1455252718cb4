package org.llmspell.engine.quantize;

/** What a matrix does in a model, as far as the choice of its format depends on it; read from its name, as llama.cpp does. */
enum TensorRole {
    OUTPUT,
    TOKEN_EMBEDDING,
    /** Values, alone or joined with queries and keys, or the compressed keys and values of MLA. */
    ATTENTION_VALUE,
    ATTENTION_KEY,
    ATTENTION_OUTPUT,
    FEED_FORWARD_DOWN,
    OTHER;

    static TensorRole of(String name) {
        if (name.equals("output.weight")) {
            return OUTPUT;
        }
        if (name.equals("token_embd.weight") || name.equals("per_layer_token_embd.weight")) {
            return TOKEN_EMBEDDING;
        }
        if (name.contains("attn_qkv.weight") || name.contains("attn_kv_b.weight") || name.contains("attn_v.weight")) {
            return ATTENTION_VALUE;
        }
        if (name.contains("attn_k.weight")) {
            return ATTENTION_KEY;
        }
        if (name.contains("attn_output.weight")) {
            return ATTENTION_OUTPUT;
        }
        return name.contains("ffn_down") ? FEED_FORWARD_DOWN : OTHER;
    }
}
