package org.llmspell.local.candle;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;
import org.llmspell.local.store.KnownModel;
import org.llmspell.local.store.ModelStore;
import org.llmspell.local.store.StoredModel;

/** Answers requests to download: what is there is found, for all else it says how to import a file instead. */
final class CandlePull {
    private final ModelStore store;

    CandlePull(ModelStore store) {
        this.store = store;
    }

    PullResult pull(ModelSpec model, PullOptions options, Consumer<PullProgress> progress) {
        if (!model.isPath() && !options.force() && store.has(model)) {
            StoredModel there = store.find(model);
            progress.accept(new PullProgress("success", 100, there.sizeBytes(), there.sizeBytes()));
            return new PullResult(there.id(), "exists", there.sizeBytes());
        }
        String variant = model.variant() == null ? KnownModel.DEFAULT_VARIANT : model.variant();
        List<String> solutions = new ArrayList<>();
        KnownModel.named(model.name())
                .ifPresent(known -> solutions.add("Manual download from HuggingFace: https://huggingface.co/"
                        + known.repository() + "/resolve/main/" + known.file(variant)));
        if (model.isHuggingFace()) {
            solutions.add("Manual download from HuggingFace: https://huggingface.co/"
                    + model.name().substring("hf.co/".length()) + "/tree/main");
        }
        String name = model.isHuggingFace() || model.isPath() ? "NAME" : model.name();
        solutions.add("Then import the file: `llmspell model import FILE.gguf " + name + ":" + variant + "`");
        throw new LocalModelException(
                LocalModelException.Kind.UNSUPPORTED,
                "Failed to download model: this version of LLMSpell cannot download yet",
                null,
                solutions,
                null);
    }
}
