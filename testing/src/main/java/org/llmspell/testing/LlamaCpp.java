package org.llmspell.testing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * llama.cpp as an independent answer: runs GGUF files in a process of its own, which may abort without taking the tests along.
 * The libraries are those that {@code tools/llama-cpp.sh} fetches; where they are absent the calling test is skipped, saying
 * so, but under continuous integration ({@code CI} set) that is a failure.
 *
 * <p>Computes with float32 keys and values and without flash attention, so that a float32 model's logits differ from ours by
 * rounding alone. With quantized weights llama.cpp rounds the activations to 8 bits. Thread-safe, one call at a time.
 */
public final class LlamaCpp implements AutoCloseable {
    /** How token embeddings become one of the text, by llama.cpp's numbers. */
    public enum Pooling {
        NONE(0),
        MEAN(1),
        CLS(2),
        LAST(3),
        RANK(4);

        final int number;

        Pooling(int number) {
            this.number = number;
        }
    }

    private final Process process;
    private final Path log;
    private final DataOutputStream requests;
    private final DataInputStream replies;

    private LlamaCpp(Process process, Path log) {
        this.process = process;
        this.log = log;
        requests = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
        replies = new DataInputStream(new BufferedInputStream(process.getInputStream()));
    }

    /** Starts the process; skips the calling test where the libraries are absent. Close it when the tests are done. */
    public static LlamaCpp start() {
        Path folder = folder();
        if (!Files.exists(folder.resolve(LlamaCppLibrary.FILE))) {
            String reason = "llama.cpp is absent from " + folder + "; tools/llama-cpp.sh fetches it";
            if (System.getenv("CI") != null) {
                throw new AssertionError(reason);
            }
            Assumptions.abort(reason);
        }
        try {
            Path log = Files.createTempFile("llama-cpp-", ".log");
            log.toFile().deleteOnExit();
            Path classes = Path.of(LlamaCpp.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "--enable-native-access=ALL-UNNAMED",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            classes.toString(),
                            LlamaCppProcess.class.getName(),
                            folder.toString())
                    .redirectError(log.toFile())
                    .start();
            return new LlamaCpp(process, log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path folder() {
        String given = System.getenv("LLMSPELL_LLAMA_CPP");
        return given == null
                ? Path.of(System.getProperty("user.home"), ".cache", "llmspell-tests", "llama.cpp")
                : Path.of(given);
    }

    /** The logits after each of {@code tokens}: {@code [tokens][vocabulary]}. */
    public float[][] logits(Path model, int[] tokens) {
        return call(
                "logits",
                out -> {
                    out.writeUTF(model.toString());
                    writeInts(out, tokens);
                },
                LlamaCpp::readMatrix);
    }

    /** The {@code count} tokens that follow {@code prompt} when the likeliest is always taken, past any end of text. */
    public int[] greedy(Path model, int[] prompt, int count) {
        return call(
                "greedy",
                out -> {
                    out.writeUTF(model.toString());
                    writeInts(out, prompt);
                    out.writeInt(count);
                },
                LlamaCpp::readInts);
    }

    /**
     * The tokens of {@code text}.
     *
     * @param model may be a vocabulary without weights
     * @param addSpecial adds the tokens at begin and end that the vocabulary asks for
     * @param parseSpecial reads the names of special tokens in the text as these tokens
     */
    public int[] tokenize(Path model, String text, boolean addSpecial, boolean parseSpecial) {
        return tokenize(model, List.of(text), addSpecial, parseSpecial)[0];
    }

    /** {@link #tokenize(Path, String, boolean, boolean)} of each text, the vocabulary being loaded once. */
    public int[][] tokenize(Path model, List<String> texts, boolean addSpecial, boolean parseSpecial) {
        return call(
                "tokenize",
                out -> {
                    out.writeUTF(model.toString());
                    out.writeBoolean(addSpecial);
                    out.writeBoolean(parseSpecial);
                    out.writeInt(texts.size());
                    for (String text : texts) {
                        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                        out.writeInt(bytes.length);
                        out.write(bytes);
                    }
                },
                in -> {
                    int[][] ids = new int[texts.size()][];
                    for (int i = 0; i < ids.length; i++) {
                        ids[i] = readInts(in);
                    }
                    return ids;
                });
    }

    /**
     * The embeddings of {@code sequences}, computed in one batch and not normalized: a row each, or with
     * {@link Pooling#NONE} a row for each of their tokens.
     */
    public float[][] embed(Path model, List<int[]> sequences, Pooling pooling) {
        return call(
                "embed",
                out -> {
                    out.writeUTF(model.toString());
                    out.writeInt(pooling.number);
                    out.writeInt(sequences.size());
                    for (int[] tokens : sequences) {
                        writeInts(out, tokens);
                    }
                },
                LlamaCpp::readMatrix);
    }

    /**
     * Quantizes a model.
     *
     * @param fileType llama.cpp's number of the recipe ({@code enum llama_ftype})
     * @param pure gives every tensor the recipe's main format
     */
    public void quantize(Path model, Path quantized, int fileType, boolean pure) {
        call(
                "quantize",
                out -> {
                    out.writeUTF(model.toString());
                    out.writeUTF(quantized.toString());
                    out.writeInt(fileType);
                    out.writeBoolean(pure);
                },
                DataInputStream::readInt);
    }

    @Override
    public void close() {
        try {
            requests.close();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            Files.deleteIfExists(log);
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private interface Arguments {
        void write(DataOutputStream out) throws IOException;
    }

    private interface Reply<T> {
        T read(DataInputStream in) throws IOException;
    }

    private synchronized <T> T call(String what, Arguments arguments, Reply<T> reply) {
        try {
            requests.writeUTF(what);
            arguments.write(requests);
            requests.flush();
            if (!replies.readBoolean()) {
                throw new AssertionError("llama.cpp: " + replies.readUTF() + "\n" + lastOfLog());
            }
            return reply.read(replies);
        } catch (EOFException e) {
            throw new AssertionError("llama.cpp ended during " + what + "\n" + lastOfLog(), e);
        } catch (IOException e) {
            throw new AssertionError("llama.cpp does not answer " + what + "\n" + lastOfLog(), e);
        }
    }

    private String lastOfLog() {
        try {
            String text = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
            return text.substring(Math.max(0, text.length() - 2000));
        } catch (IOException e) {
            return "(its log cannot be read: " + e + ")";
        }
    }

    private static void writeInts(DataOutputStream out, int[] values) throws IOException {
        out.writeInt(values.length);
        for (int value : values) {
            out.writeInt(value);
        }
    }

    private static int[] readInts(DataInputStream in) throws IOException {
        int[] values = new int[in.readInt()];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.readInt();
        }
        return values;
    }

    private static float[][] readMatrix(DataInputStream in) throws IOException {
        float[][] rows = new float[in.readInt()][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = new float[in.readInt()];
            for (int j = 0; j < rows[i].length; j++) {
                rows[i][j] = in.readFloat();
            }
        }
        return rows;
    }
}
