package org.llmspell.local.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.quantize.ModelQuantizer;
import org.llmspell.engine.quantize.QuantizationPlan;
import org.llmspell.engine.quantize.QuantizationReport;
import org.llmspell.engine.quantize.Recipe;
import org.llmspell.gguf.GgufException;
import org.llmspell.gguf.GgufFile;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.PullProgress;

/**
 * Writes a copy of a model file in smaller formats. The new file appears when it is whole, or not at all.
 *
 * @param recipe what to convert to
 * @param pure the recipe's format for every matrix, instead of the mixture
 * @param requantize allows a model that is quantized already
 * @param force replace what is at the target
 * @param threads that compute; 0 for one per core
 * @param progress told of the phase {@code quantizing} in bytes of the source, on the calling thread
 */
public record QuantizedCopy(
        Recipe recipe, boolean pure, boolean requantize, boolean force, int threads, Consumer<PullProgress> progress) {

    /**
     * Reads {@code source} and writes {@code target}. Interrupting the thread cancels it.
     *
     * @param source a GGUF file, or any part of a split one
     * @throws LocalModelException if it cannot be read, converted or written; nothing is left then
     */
    public QuantizationReport write(Path source, Path target) {
        return write(source, target, folder -> Files.getFileStore(folder).getUsableSpace());
    }

    QuantizationReport write(Path source, Path target, ModelStore.DiskSpace space) {
        NewFile wanted = new NewFile(target, force);
        try (GgufFile file = GgufFile.open(source)) {
            QuantizationPlan plan = QuantizationPlan.of(file, recipe, pure, requantize);
            return wanted.write("The conversion", () -> {
                checkOther(file, target);
                wanted.check();
                wanted.requireSpace(plan.bytesAfter(), space);
                return ModelQuantizer.run(plan, target, threads, this::report);
            });
        } catch (GgufException e) {
            throw new LocalModelException(
                    Kind.MODEL_UNUSABLE, String.valueOf(e.getMessage()), null, List.of("Fetch the model again"), e);
        } catch (EngineException e) {
            Kind kind = switch (e.problem()) {
                case INVALID_OPTION -> Kind.INVALID_REQUEST;
                default -> Kind.MODEL_UNUSABLE;
            };
            throw new LocalModelException(kind, source + ": " + e.getMessage(), null, e.advice(), e);
        }
    }

    private void report(long done, long total) {
        progress.accept(new PullProgress("quantizing", total == 0 ? 100 : 100.0 * done / total, done, total));
    }

    private static void checkOther(GgufFile source, Path target) throws IOException {
        if (!Files.exists(target) || Files.isDirectory(target)) {
            return;
        }
        for (Path part : source.files()) {
            if (Files.isSameFile(part, target)) {
                throw new LocalModelException(
                        Kind.INVALID_REQUEST,
                        "A model cannot be written over itself: " + target,
                        "Name another file to write");
            }
        }
    }
}
