package org.llmspell.local.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llmspell.local.download.TransferException.Cause;
import org.llmspell.testing.FakeFiles;
import org.llmspell.testing.FakeFiles.Fault;

@Timeout(60)
class DownloaderTest {
    private static final String PATH = "/model.gguf";
    private static final byte[] CONTENT = content(5 * PartFile.UNIT + 12_345);
    private static final String HASH = sha256(CONTENT);
    private static final DownloadSettings SETTINGS = new DownloadSettings(
            3, Duration.ofSeconds(10), Duration.ofMillis(400), 4, Duration.ofMillis(5), Duration.ofSeconds(2));

    private final FakeFiles server = new FakeFiles();
    private final Transport transport = new Transport(Duration.ofSeconds(10), Map.of());
    private final AtomicLong lastBytes = new AtomicLong();

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        transport.close();
        server.close();
    }

    private static byte[] content(int size) {
        byte[] bytes = new byte[size];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private Path target() {
        return folder.resolve("model.gguf");
    }

    private void fetch(RemoteFile remote) throws TransferException, InterruptedException {
        new Downloader(transport, SETTINGS).fetch(remote, target(), (phase, bytes) -> lastBytes.set(bytes));
    }

    private RemoteFile remote(URI url) {
        return new RemoteFile(url, CONTENT.length, HASH, null);
    }

    private void assertWhole() throws IOException {
        assertThat(Files.readAllBytes(target())).isEqualTo(CONTENT);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(target());
        }
    }

    private TransferException failure(RemoteFile remote) {
        TransferException failure = catchThrowableOfType(TransferException.class, () -> fetch(remote));
        assertThat(target()).doesNotExist();
        assertThat(failure.getMessage()).doesNotContain("\n");
        return failure;
    }

    @Test
    void arrivesWholeOverSeveralConnections() throws Exception {
        fetch(remote(server.serve(PATH, CONTENT)));
        assertWhole();
        assertThat(lastBytes).hasValue(CONTENT.length);
    }

    static Stream<Fault> passing() {
        return Stream.of(
                new Fault.CutAfter(0),
                new Fault.CutAfter(3 * PartFile.UNIT + 5),
                new Fault.IgnoreRange(),
                new Fault.StallAfter(PartFile.UNIT + 77),
                new Fault.StallAfter(0),
                new Fault.Status(429, "1"),
                new Fault.Status(503, null),
                new Fault.Status(502, "Wed, 21 Oct 2015 07:28:00 GMT"),
                new Fault.Redirect(307, "/elsewhere.gguf"));
    }

    @ParameterizedTest
    @MethodSource("passing")
    void whatMayPassIsTriedAgain(Fault fault) throws Exception {
        URI url = server.serve(PATH, CONTENT);
        server.serve("/elsewhere.gguf", CONTENT);
        server.next(PATH, fault);
        fetch(remote(url));
        assertWhole();
    }

    @Test
    void aServerWithoutRangesIsReadFromTheBeginning() throws Exception {
        URI url = server.serve(PATH, CONTENT);
        server.next(PATH, new Fault.CutAfter(2 * PartFile.UNIT));
        server.always(PATH, new Fault.IgnoreRange());
        fetch(remote(url));
        assertWhole();
    }

    static Stream<Arguments> lasting() {
        return Stream.of(
                Arguments.of(new Fault.WrongRange(), Cause.DISHONEST, "was asked for bytes 0-"),
                Arguments.of(new Fault.WrongTotal(99), Cause.DISHONEST, "was asked for bytes 0-"),
                Arguments.of(new Fault.WrongBytes(), Cause.DISHONEST, "SHA-256 differs"),
                Arguments.of(new Fault.Endless(), Cause.DISHONEST, "more than the file's size"),
                Arguments.of(new Fault.Status(401, null), Cause.UNAUTHORIZED, "HTTP 401"),
                Arguments.of(new Fault.Status(403, null), Cause.UNAUTHORIZED, "HTTP 403"),
                Arguments.of(new Fault.Status(404, null), Cause.NOT_FOUND, "HTTP 404"),
                Arguments.of(new Fault.Status(416, null), Cause.DISHONEST, "HTTP 416"),
                Arguments.of(new Fault.Status(418, null), Cause.REFUSED, "HTTP 418"),
                Arguments.of(new Fault.Status(429, "86400"), Cause.REFUSED, "come back in 1440 minutes"),
                Arguments.of(new Fault.Status(503, null), Cause.TRANSIENT, "HTTP 503"),
                Arguments.of(new Fault.StallAfter(0), Cause.TRANSIENT, "has sent nothing"),
                Arguments.of(new Fault.CutAfter(100), Cause.TRANSIENT, "127.0.0.1"),
                Arguments.of(new Fault.Redirect(302, PATH), Cause.DISHONEST, "redirects without end"),
                Arguments.of(
                        new Fault.Redirect(302, "file:///etc/passwd"), Cause.DISHONEST, "redirects to no web address"),
                Arguments.of(new Fault.Redirect(302, "http://ho st/"), Cause.DISHONEST, "redirects to no address"));
    }

    @ParameterizedTest
    @MethodSource("lasting")
    void whatLastsIsOneClearErrorAndLeavesNoFile(Fault fault, Cause cause, String words) {
        URI url = server.serve(PATH, CONTENT);
        server.always(PATH, fault);
        TransferException failure = failure(remote(url));
        assertThat(failure.reason()).isEqualTo(cause);
        assertThat(failure).hasMessageContaining(words);
    }

    @Test
    void aFileThatIsShorterThanPromisedIsRefused() {
        URI url = server.serve(PATH, CONTENT);
        assertThat(failure(new RemoteFile(url, CONTENT.length + 3L * PartFile.UNIT, HASH, null))
                        .reason())
                .isEqualTo(Cause.DISHONEST);
    }

    @Test
    void wrongBytesAreNotKeptForTheNextTry() throws Exception {
        URI url = server.serve(PATH, CONTENT);
        server.always(PATH, new Fault.WrongBytes());
        failure(remote(url));
        server.always(PATH, new Fault.None());
        fetch(remote(url));
        assertWhole();
    }

    @Test
    void wrongBytesOfAnEarlierSessionAreFetchedAgain() throws Exception {
        URI url = server.serve(PATH, CONTENT);
        try (PartFile part = PartFile.open(target(), remote(url))) {
            part.write(ByteBuffer.allocate(2 * PartFile.UNIT), 0);
            part.written(0, 2 * PartFile.UNIT);
        }
        fetch(remote(url));
        assertWhole();
    }

    @Test
    void whatAnEarlierSessionFetchedIsNotFetchedAgain() throws Exception {
        URI url = server.serve(PATH, CONTENT);
        server.next(PATH, new Fault.CutAfter(3 * PartFile.UNIT));
        server.always(PATH, new Fault.Status(404, null));
        failure(remote(url));
        assertThat(PartFile.partPath(target())).exists();
        server.always(PATH, new Fault.None());
        int before = server.requests().size();
        fetch(remote(url));
        assertWhole();
        assertThat(server.requests().subList(before, server.requests().size()))
                .allSatisfy(request -> assertThat(request.range()).startsWith("bytes=3145728-"));
    }

    @Test
    void aPartOfAnotherFileIsNotContinued() throws Exception {
        byte[] old = content(CONTENT.length);
        old[0] ^= 1;
        URI url = server.serve(PATH, old);
        server.next(PATH, new Fault.CutAfter(3 * PartFile.UNIT));
        server.always(PATH, new Fault.Status(404, null));
        failure(new RemoteFile(url, old.length, sha256(old), null));
        server.serve(PATH, CONTENT);
        server.always(PATH, new Fault.None());
        fetch(remote(url));
        assertWhole();
    }

    @ParameterizedTest
    @CsvSource({"0", "5", "40", "41"})
    void aDamagedStateStartsOver(int length) throws Exception {
        URI url = server.serve(PATH, CONTENT);
        Files.write(PartFile.partPath(target()), new byte[PartFile.UNIT]);
        byte[] garbage = new byte[length];
        new Random(length).nextBytes(garbage);
        Files.write(PartFile.statePath(target()), garbage);
        fetch(remote(url));
        assertWhole();
    }

    @Test
    void aTokenGoesToItsOwnHostAlone() throws Exception {
        server.serve("/cdn/model.gguf", CONTENT);
        server.always(
                PATH,
                new Fault.Redirect(302, server.urlByName("/cdn/model.gguf").toString()));
        fetch(new RemoteFile(server.url(PATH), CONTENT.length, HASH, "hf_secret"));
        assertWhole();
        assertThat(server.requests())
                .allSatisfy(request -> assertThat(request.authorization())
                        .isEqualTo(request.path().equals(PATH) ? "Bearer hf_secret" : null));
        assertThat(new RemoteFile(server.url(PATH), 1, null, "hf_secret").toString())
                .doesNotContain("secret");
    }

    @Test
    void anInterruptEndsAllConnectionsAndKeepsWhatCame() throws Exception {
        URI url = server.serve(PATH, CONTENT);
        server.slowDown(20);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                fetch(remote(url));
            } catch (TransferException | InterruptedException e) {
                thrown.set(e);
            }
        });
        while (lastBytes.get() < PartFile.UNIT + 100_000) {
            Thread.sleep(5);
        }
        thread.interrupt();
        thread.join(10_000);
        assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
        assertThat(target()).doesNotExist();
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(t -> t.isAlive() && t.getName().startsWith("download-"));
        server.slowDown(0);
        fetch(remote(url));
        assertWhole();
    }

    @Test
    void aHostThatIsNotThereIsNamed() {
        TransferException failure =
                failure(new RemoteFile(URI.create("http://no-such-host.invalid/x"), 10, null, null));
        assertThat(failure).hasMessageContaining("no-such-host.invalid");
    }

    @Test
    void moreThanTheDiskHoldsIsRefusedBeforeTheFirstByte() {
        URI url = server.serve(PATH, CONTENT);
        TransferException failure = failure(new RemoteFile(url, 1L << 50, HASH, null));
        assertThat(failure.reason()).isEqualTo(Cause.DISK);
        assertThat(failure).hasMessageContaining("MB free");
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void aFolderInTheFilesPlaceIsADiskError() throws Exception {
        URI url = server.serve(PATH, CONTENT);
        Files.createDirectories(PartFile.partPath(target()));
        TransferException failure = catchThrowableOfType(TransferException.class, () -> fetch(remote(url)));
        assertThat(failure.reason()).isEqualTo(Cause.DISK);
    }

    @Test
    void aFileWithoutAPromisedHashIsCheckedBySize() throws Exception {
        URI url = server.serve(PATH, CONTENT);
        fetch(new RemoteFile(url, CONTENT.length, null, null));
        assertWhole();
    }

    // A kill leaves the part file as some prefix of its writes left it: every such state must end in the whole file.
    @Test
    void aProcessKilledAtRandomPointsResumesToTheWholeFile() throws Exception {
        URI url = server.serve(PATH, CONTENT);
        server.slowDown(4);
        Random random = new Random(3);
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        int kills = 0;
        for (int i = 0; i < 20 && !Files.exists(target()); i++) {
            Process process = new ProcessBuilder(
                            java,
                            "-XX:TieredStopAtLevel=1",
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            DownloadProcess.class.getName(),
                            url.toString(),
                            String.valueOf(CONTENT.length),
                            HASH,
                            target().toString())
                    .redirectErrorStream(true)
                    .start();
            // Killed some random number of bytes after it has begun to fetch.
            long marker = 1L + random.nextInt(600_000);
            try (BufferedReader out = process.inputReader()) {
                for (String line = out.readLine();
                        line != null && Long.parseLong(line) < marker;
                        line = out.readLine()) {}
            }
            process.destroyForcibly();
            process.waitFor();
            kills++;
            assertThat(Files.exists(target()) && !Arrays.equals(Files.readAllBytes(target()), CONTENT))
                    .isFalse();
        }
        assertThat(kills).isGreaterThan(2);
        server.slowDown(0);
        fetch(remote(url));
        assertThat(Files.readAllBytes(target())).isEqualTo(CONTENT);
        assertThat(Objects.requireNonNull(folder.toFile().list())).containsExactly("model.gguf");
    }
}
