package org.llmspell.engine.layer;

import org.llmspell.engine.cache.KvLayout;

/**
 * Attention and a recurrent part side by side on the same input, their results added up, as in Falcon-H1 (Zuo et al. 2025).
 *
 * @param attention keeps keys and values
 * @param recurrent keeps a state
 */
public record MixerPair(TokenMixer attention, TokenMixer recurrent) implements TokenMixer {
    @Override
    public KvLayout.Layer kept(int contextLength) {
        return attention
                .kept(contextLength)
                .withState(recurrent.kept(contextLength).stateFloats());
    }

    @Override
    public Widths.Recurrent recurrentWidths() {
        return attention.recurrentWidths().or(recurrent.recurrentWidths());
    }

    @Override
    public boolean needsBranch() {
        return true;
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        Rows branch = pass.memory.branch;
        attention.apply(pass, in, branch);
        recurrent.apply(pass, in, out);
        pass.addRows(out, branch);
    }
}
