package org.llmspell.kernels.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A machine with nothing but a processor that has AMX, some memory and a ROM, played by Bochs 3.0 or later: runs assembled
 * routines, byte for byte as they would run here, one after the other. {@code bare-machine.S} is what it starts with.
 *
 * <p>Needs {@code bochs}, or what the environment variable {@code LLMSPELL_BOCHS} names, and {@code as} and {@code ld} of binutils.
 */
final class BareMachine {
    /** Something that is needed is not installed here; the message says what. */
    static final class Missing extends Exception {
        private static final long serialVersionUID = 1;

        Missing(String message) {
            super(message);
        }
    }

    private static final int PROGRAM = 0x100000;
    private static final int MOST_ROUTINES = 16;
    private static final int HEADER = 32 + 16 * MOST_ROUTINES;
    private static final int START_BYTES = 4096;
    private static final int PROGRAM_PLACE = 0x40;
    private static final int ROM_UNIT = 0x10000;
    private static final int LINE = 64;
    private static final long TIME_LIMIT_SECONDS = 60;
    private static final Pattern WRITTEN = Pattern.compile("<([0-9a-f]+)>");

    private final Path folder;
    private final ByteArrayOutputStream memory = new ByteArrayOutputStream();
    private final List<long[]> calls = new ArrayList<>();

    /** @param folder receives the files that this takes */
    BareMachine(Path folder) {
        this.folder = folder;
        memory.writeBytes(new byte[HEADER]);
    }

    /** Puts {@code bytes} into memory on a 64-byte boundary. */
    long place(byte[] bytes) {
        memory.writeBytes(new byte[-memory.size() & LINE - 1]);
        long address = (long) PROGRAM + memory.size();
        memory.writeBytes(bytes);
        return address;
    }

    /** Runs {@code routine} after those that were named before. */
    void call(long routine, long arguments) {
        calls.add(new long[] {routine, arguments});
        assertThat(calls.size()).isLessThanOrEqualTo(MOST_ROUTINES);
    }

    /** What some memory holds when all routines have run. */
    byte[] run(long address, int bytes) throws Missing, IOException, InterruptedException {
        byte[] program = memory.toByteArray();
        ByteBuffer header = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(calls.size()).putLong(address).putLong(bytes).putLong(0);
        for (long[] call : calls) {
            header.putLong(call[0]).putLong(call[1]);
        }
        int size = (program.length + START_BYTES + ROM_UNIT - 1) / ROM_UNIT * ROM_UNIT;
        ByteBuffer rom = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        rom.put(0, program).put(size - START_BYTES, start());
        rom.putInt(size - START_BYTES + PROGRAM_PLACE, -size);
        rom.putInt(size - START_BYTES + PROGRAM_PLACE + 4, program.length);
        Path image = Files.write(folder.resolve("rom"), rom.array());
        String output = bochs(image, size);
        Matcher written = WRITTEN.matcher(output);
        assertThat(written.find()).as("the machine ended early: %s", output).isTrue();
        byte[] result = HexFormat.of().parseHex(written.group(1));
        assertThat(result).hasSize(bytes);
        return result;
    }

    private byte[] start() throws Missing, IOException, InterruptedException {
        Path source = folder.resolve("bare-machine.S");
        try (InputStream in = BareMachine.class.getResourceAsStream("bare-machine.S")) {
            Files.write(source, Objects.requireNonNull(in).readAllBytes());
        }
        Path object = folder.resolve("start.o");
        Path code = folder.resolve("start");
        run(List.of("as", "--64", "-o", object.toString(), source.toString()), 0);
        run(
                List.of(
                        "ld",
                        "-m",
                        "elf_x86_64",
                        "-Ttext=0xfffff000",
                        "-e",
                        "0xfffff000",
                        "--oformat",
                        "binary",
                        "-o",
                        code.toString(),
                        object.toString()),
                0);
        byte[] start = Files.readAllBytes(code);
        assertThat(start).hasSize(START_BYTES);
        return start;
    }

    private String bochs(Path image, int size) throws Missing, IOException, InterruptedException {
        Path nothing = Files.write(folder.resolve("vga"), new byte[512]);
        Path settings = folder.resolve("settings");
        Files.writeString(settings, """
                cpu: model=sapphire_rapids, count=1, ips=50000000, reset_on_triple_fault=0
                memory: guest=16, host=16
                romimage: file="%s", address=0x%x
                vgaromimage: file="%s"
                pci: enabled=0
                display_library: rfb, options="timeout=0"
                port_e9_hack: enabled=1
                panic: action=fatal
                error: action=report
                log: "%s"
                """.formatted(image, 0x100000000L - size, nothing, folder.resolve("log")));
        String command = System.getenv("LLMSPELL_BOCHS");
        // It ends by an error always, since the program tells it to end.
        return run(
                List.of(command == null || command.isBlank() ? "bochs" : command, "-q", "-f", settings.toString()), 1);
    }

    private String run(List<String> command, int status) throws Missing, IOException, InterruptedException {
        Path output = folder.resolve("output");
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                    .redirectOutput(output.toFile())
                    .start();
        } catch (IOException e) {
            throw new Missing(command.getFirst() + " is not installed");
        }
        boolean ended = process.waitFor(TIME_LIMIT_SECONDS, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        String text = new String(Files.readAllBytes(output), StandardCharsets.ISO_8859_1);
        if (text.contains("sapphire_rapids")) {
            throw new Missing("this bochs knows no processor with AMX: 3.0 is the first that does");
        }
        assertThat(ended).as("%s did not end: %s", command, text).isTrue();
        assertThat(process.exitValue()).as(text).isEqualTo(status);
        return text;
    }

    /** The registers in use after the last routine, as XINUSE says, from the memory that begins at {@link #PROGRAM}. */
    static long registersInUse(byte[] memory) {
        return ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN).getLong(24);
    }

    /** Where memory begins. */
    static long beginning() {
        return PROGRAM;
    }

    /** {@code bytes} bytes in the order of the machine. */
    static byte[] little(int bytes, Consumer<ByteBuffer> content) {
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        content.accept(buffer);
        return buffer.array();
    }
}
