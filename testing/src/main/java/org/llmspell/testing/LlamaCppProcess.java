package org.llmspell.testing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The process behind {@link LlamaCpp}: answers the requests on its standard input until that ends. */
final class LlamaCppProcess {
    private final LlamaCppLibrary library;
    private final DataInputStream in;
    private final DataOutputStream out;

    private LlamaCppProcess(LlamaCppLibrary library, DataInputStream in, DataOutputStream out) {
        this.library = library;
        this.in = in;
        this.out = out;
    }

    public static void main(String[] args) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out));
        LlamaCppProcess process = new LlamaCppProcess(new LlamaCppLibrary(Path.of(args[0])), in, out);
        try {
            while (true) {
                process.answer(in.readUTF());
                out.flush();
            }
        } catch (EOFException e) {
            // the tests are done
        }
    }

    private void answer(String what) throws IOException {
        switch (what) {
            case "logits" -> {
                Path model = path();
                int[] tokens = readInts();
                writeMatrix(() -> library.logits(model, tokens));
            }
            case "greedy" -> {
                Path model = path();
                int[] prompt = readInts();
                int count = in.readInt();
                writeInts(() -> new int[][] {library.greedy(model, prompt, count)});
            }
            case "tokenize" -> {
                Path model = path();
                boolean addSpecial = in.readBoolean();
                boolean parseSpecial = in.readBoolean();
                byte[][] texts = new byte[in.readInt()][];
                for (int i = 0; i < texts.length; i++) {
                    texts[i] = in.readNBytes(in.readInt());
                }
                writeInts(() -> library.tokenize(model, texts, addSpecial, parseSpecial));
            }
            case "embed" -> {
                Path model = path();
                int pooling = in.readInt();
                int[][] sequences = new int[in.readInt()][];
                for (int i = 0; i < sequences.length; i++) {
                    sequences[i] = readInts();
                }
                writeMatrix(() -> library.embed(model, sequences, pooling));
            }
            case "quantize" -> {
                Path model = path();
                Path quantized = path();
                int fileType = in.readInt();
                boolean pure = in.readBoolean();
                Integer done = attempt(() -> library.quantize(model, quantized, fileType, pure));
                if (done != null) {
                    out.writeInt(done);
                }
            }
            default -> throw new IOException("unknown request " + what);
        }
    }

    private interface Answer<T> {
        T give() throws LlamaCppLibrary.Refused;
    }

    /** The answer after the mark of success; or null after the mark of failure and the reason. */
    private <T> @Nullable T attempt(Answer<T> answer) throws IOException {
        try {
            T given = answer.give();
            out.writeBoolean(true);
            return given;
        } catch (LlamaCppLibrary.Refused e) {
            out.writeBoolean(false);
            out.writeUTF(String.valueOf(e.getMessage()));
            return null;
        }
    }

    private void writeMatrix(Answer<float[][]> answer) throws IOException {
        float[][] rows = attempt(answer);
        if (rows == null) {
            return;
        }
        out.writeInt(rows.length);
        for (float[] row : rows) {
            out.writeInt(row.length);
            for (float value : row) {
                out.writeFloat(value);
            }
        }
    }

    private void writeInts(Answer<int[][]> answer) throws IOException {
        int[][] lists = attempt(answer);
        if (lists == null) {
            return;
        }
        for (int[] list : lists) {
            out.writeInt(list.length);
            for (int value : list) {
                out.writeInt(value);
            }
        }
    }

    private Path path() throws IOException {
        return Path.of(in.readUTF());
    }

    private int[] readInts() throws IOException {
        int[] values = new int[in.readInt()];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.readInt();
        }
        return values;
    }
}
