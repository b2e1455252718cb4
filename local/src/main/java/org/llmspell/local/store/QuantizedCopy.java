package org.llmspell.local.store;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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
        try (GgufFile file = GgufFile.open(source)) {
            QuantizationPlan plan = QuantizationPlan.of(file, recipe, pure, requantize);
            checkTarget(file, target);
            Path folder = folder(target);
            StoreErrors.requireSpace(
                    folder, space.usable(folder), plan.bytesAfter(), "Free some space, or write elsewhere");
            return ModelQuantizer.run(plan, target, threads, this::report);
        } catch (GgufException e) {
            throw failed(Kind.MODEL_UNUSABLE, String.valueOf(e.getMessage()), e, "Fetch the model again");
        } catch (EngineException e) {
            Kind kind = switch (e.problem()) {
                case INVALID_OPTION -> Kind.INVALID_REQUEST;
                default -> Kind.MODEL_UNUSABLE;
            };
            throw new LocalModelException(kind, source + ": " + e.getMessage(), null, e.advice(), e);
        } catch (ClosedByInterruptException e) {
            throw new LocalModelException(Kind.CANCELLED, "The conversion was cancelled", null, List.of(), e);
        } catch (IOException e) {
            throw failed(
                    Kind.TRANSFER_FAILED,
                    "Failed to write " + target + ": " + StoreErrors.reason(e),
                    e,
                    "Check that the folder can be written");
        }
    }

    private void report(long done, long total) {
        progress.accept(new PullProgress("quantizing", total == 0 ? 100 : 100.0 * done / total, done, total));
    }

    private static LocalModelException failed(Kind kind, String message, Exception cause, String solution) {
        return new LocalModelException(kind, message, null, List.of(solution), cause);
    }

    private static Path folder(Path target) {
        @Nullable Path parent = target.toAbsolutePath().getParent();
        return parent == null ? target.toAbsolutePath() : parent;
    }

    private void checkTarget(GgufFile source, Path target) throws IOException {
        if (!Files.isDirectory(folder(target))) {
            throw new LocalModelException(
                    Kind.INVALID_REQUEST, "There is no folder " + folder(target), "Make it, or name another one");
        }
        if (!Files.exists(target)) {
            return;
        }
        if (Files.isDirectory(target)) {
            throw new LocalModelException(
                    Kind.INVALID_REQUEST, target + " is a folder", "Name the file to write in it");
        }
        for (Path part : source.files()) {
            if (Files.isSameFile(part, target)) {
                throw new LocalModelException(
                        Kind.INVALID_REQUEST,
                        "A model cannot be written over itself: " + target,
                        "Name another file to write");
            }
        }
        if (!force) {
            throw new LocalModelException(
                    Kind.STORE, target + " exists already", "Replace it: --force", "Name another file");
        }
    }
}
