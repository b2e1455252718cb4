package org.llmspell.engine.layer;

/**
 * Token mixer, then feed-forward, each added back to the stream: {@code x += postNorm(mixer(preNorm(x))) · residualScale}, and
 * the same with the feed-forward. {@link NoNorm} where an architecture has none.
 *
 * @param residualScale multiplies what each part adds
 */
public record SequentialLayer(
        Norm mixerNorm,
        TokenMixer mixer,
        Norm mixerPostNorm,
        Norm feedForwardNorm,
        FeedForward feedForward,
        Norm feedForwardPostNorm,
        float residualScale)
        implements DecoderLayer {
    private static final Norm NONE = new NoNorm();

    /** Norms before both parts, as most architectures since GPT-2 have them. */
    public static SequentialLayer preNorm(
            Norm mixerNorm, TokenMixer mixer, Norm feedForwardNorm, FeedForward feedForward) {
        return new SequentialLayer(mixerNorm, mixer, NONE, feedForwardNorm, feedForward, NONE, 1);
    }

    /** Norms on what both parts add. */
    public static SequentialLayer postNorm(
            TokenMixer mixer, Norm mixerPostNorm, FeedForward feedForward, Norm feedForwardPostNorm) {
        return new SequentialLayer(NONE, mixer, mixerPostNorm, NONE, feedForward, feedForwardPostNorm, 1);
    }

    /** The same with what each part adds multiplied by {@code scale}. */
    public SequentialLayer withResidualScale(float scale) {
        return new SequentialLayer(
                mixerNorm, mixer, mixerPostNorm, feedForwardNorm, feedForward, feedForwardPostNorm, scale);
    }

    @Override
    public void apply(ForwardPass pass) {
        Rows x = pass.memory.stream;
        Rows h = pass.memory.normed;
        mixerNorm.apply(pass, x, h);
        mixer.apply(pass, h, h);
        mixerPostNorm.apply(pass, h, h);
        pass.add(h, residualScale);

        feedForwardNorm.apply(pass, x, h);
        feedForward.apply(pass, h, h);
        feedForwardPostNorm.apply(pass, h, h);
        pass.add(h, residualScale);
    }
}
