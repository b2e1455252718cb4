package org.llmspell.engine.layer;

/**
 * A plain feed-forward and a mixture of experts side by side, as in Gemma 4 with experts:
 * {@code densePostNorm(dense(in)) + expertPostNorm(experts(expertNorm(x)))}, x being the stream that {@code in} was
 * normalized from.
 */
public record DenseAndExperts(
        GatedMlp dense, Norm densePostNorm, Norm expertNorm, FeedForward experts, Norm expertPostNorm)
        implements FeedForward {
    @Override
    public boolean needsBranch() {
        return true;
    }

    @Override
    public void apply(ForwardPass pass, Rows in, Rows out) {
        Rows branch = pass.memory.branch;
        dense.apply(pass, in, branch);
        densePostNorm.apply(pass, branch, branch);
        expertNorm.apply(pass, pass.memory.stream, out);
        experts.apply(pass, out, out);
        expertPostNorm.apply(pass, out, out);
        pass.addRows(out, branch);
    }
}
