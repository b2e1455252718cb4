package org.llmspell.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StandardOutputTest {
    @Test
    void bytesArriveInOrderWhateverThePieces() {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        StandardOutput out = new StandardOutput(file);
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            byte[] piece = new byte[random.nextInt(i % 10 == 0 ? 20_000 : 300)];
            random.nextBytes(piece);
            out.write(piece, 0, piece.length);
            out.write(i);
            expected.writeBytes(piece);
            expected.write(i);
        }
        out.flush();

        assertThat(file.toByteArray()).isEqualTo(expected.toByteArray());
    }

    @Test
    void nothingIsWrittenBeforeTheBufferIsFullOrFlushed() {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        StandardOutput out = new StandardOutput(file);

        out.write(new byte[100], 0, 100);
        assertThat(file.size()).isZero();
        out.flush();
        assertThat(file.size()).isEqualTo(100);
    }

    private static PrintStream failing(String message) {
        return new PrintStream(
                new StandardOutput(new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException(message);
                    }
                }),
                false,
                StandardCharsets.UTF_8);
    }

    @Test
    void aReaderThatLeavesIsToldThroughPrintStream() {
        PrintStream out = failing("Broken pipe");
        out.print("x");

        assertThatThrownBy(out::flush).isInstanceOf(BrokenPipeException.class);
        // what could not be written is gone: the flush at the end of the program does not fail again
        out.flush();
    }
}
