package org.llmspell.engine.layer;

/**
 * Token mixer and feed-forward side by side on the same stream (Wang and Komatsuzaki 2021):
 * {@code x += mixer(mixerNorm(x)) + feedForward(feedForwardNorm(x))}. Architectures with one norm for both give it twice.
 */
public record ParallelLayer(Norm mixerNorm, TokenMixer mixer, Norm feedForwardNorm, FeedForward feedForward)
        implements DecoderLayer {
    @Override
    public void apply(ForwardPass pass) {
        Rows x = pass.memory.stream;
        Rows h = pass.memory.normed;
        Rows branch = pass.memory.branch;
        mixerNorm.apply(pass, x, h);
        mixer.apply(pass, h, branch);
        feedForwardNorm.apply(pass, x, h);
        feedForward.apply(pass, h, h);
        pass.add(h, 1);
        pass.add(branch, 1);
    }
}
