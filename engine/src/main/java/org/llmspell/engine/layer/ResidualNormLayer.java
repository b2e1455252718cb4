package org.llmspell.engine.layer;

/**
 * Token mixer, then feed-forward, the stream being normalized after each was added: {@code x = norm(x + mixer(x))}, and the same
 * with the feed-forward (Vaswani et al. 2017, BERT).
 */
public record ResidualNormLayer(TokenMixer mixer, Norm mixerNorm, FeedForward feedForward, Norm feedForwardNorm)
        implements DecoderLayer {
    @Override
    public void apply(ForwardPass pass) {
        Rows x = pass.memory.stream;
        Rows h = pass.memory.normed;
        mixer.apply(pass, x, h);
        pass.add(h, 1);
        mixerNorm.apply(pass, x, x);

        feedForward.apply(pass, x, h);
        pass.add(h, 1);
        feedForwardNorm.apply(pass, x, x);
    }
}
