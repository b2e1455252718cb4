package org.llmspell.local.candle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;
import org.llmspell.local.ModelSpec;
import org.llmspell.local.PullOptions;
import org.llmspell.local.PullProgress;
import org.llmspell.local.PullResult;
import org.llmspell.local.TinyGguf;
import org.llmspell.local.config.DownloadConfig;
import org.llmspell.local.download.DownloadSettings;
import org.llmspell.local.store.Manifest;
import org.llmspell.local.store.ModelStore;
import org.llmspell.local.store.Sha256;
import org.llmspell.local.store.StoredModel;
import org.llmspell.testing.FakeFiles;
import org.llmspell.testing.FakeFiles.Fault;

@Timeout(60)
class CandlePullTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final String TINY = "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF";
    private static final PullOptions ONCE = new PullOptions(false);
    private static final DownloadSettings SETTINGS = new DownloadSettings(
            2, Duration.ofSeconds(10), Duration.ofSeconds(5), 3, Duration.ofMillis(5), Duration.ofSeconds(2));

    private final FakeFiles server = new FakeFiles();
    private final List<PullProgress> progress = new ArrayList<>();

    @TempDir
    private Path folder;

    private byte[] gguf = new byte[0];

    @BeforeEach
    void makeAModel() throws IOException {
        gguf = Files.readAllBytes(TinyGguf.write(folder.resolve("source.gguf")));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private ModelStore store() {
        return new ModelStore(folder.resolve("models"));
    }

    private PullResult pull(String spec, PullOptions options) {
        return pull(spec, options, false, "hf_token");
    }

    private PullResult pull(String spec, PullOptions options, boolean offline, String token) {
        DownloadConfig config =
                new DownloadConfig(server.url("/hub"), server.url("/registry"), offline, token, List.of(), Map.of());
        return new CandlePull(store(), config, SETTINGS).pull(ModelSpec.parse(spec), options, progress::add);
    }

    private LocalModelException failure(String spec) {
        LocalModelException failure = catchThrowableOfType(LocalModelException.class, () -> pull(spec, ONCE));
        assertThat(store().list().models()).isEmpty();
        assertThat(failure.getMessage()).isEqualTo("Failed to download model");
        return failure;
    }

    /** A repository on the Hub whose files all hold the same model. */
    private void hub(String repository, String revision, String... files) {
        server.serve(
                "/hub/api/models/" + repository + "/revision/" + revision,
                json("{'id':'" + repository + "','sha':'" + COMMIT + "'}"));
        StringBuilder tree = new StringBuilder("[{'type':'directory','path':'sub','size':0}");
        for (String file : files) {
            tree.append(",{'type':'file','path':'")
                    .append(file)
                    .append("','size':")
                    .append(gguf.length);
            tree.append(",'lfs':{'oid':'")
                    .append(Sha256.of(gguf))
                    .append("','size':")
                    .append(gguf.length)
                    .append("}}");
            server.serve(resolve(repository, file), gguf);
        }
        server.serve("/hub/api/models/" + repository + "/tree/" + COMMIT, json(tree + "]"));
    }

    private static String resolve(String repository, String file) {
        return "/hub/" + repository + "/resolve/" + COMMIT + "/" + file;
    }

    private void registry(String model, String tag, String digest, long size) {
        server.serve(
                "/registry/v2/" + model + "/manifests/" + tag,
                json(
                        "{'schemaVersion':2,'layers':[{'mediaType':'application/vnd.ollama.image.license','digest':'x','size':1},"
                                + "{'mediaType':'application/vnd.ollama.image.model','digest':'" + digest + "','size':"
                                + size + "}]}"));
        server.serve("/registry/v2/" + model + "/blobs/" + digest, gguf);
    }

    private static byte[] json(String text) {
        return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aShortNameIsPulledFromItsRepositoryWithItsManifest() throws Exception {
        hub(TINY, "main", "README.md", "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf", "tinyllama-1.1b-chat-v1.0.Q8_0.gguf");

        assertThat(pull("tinyllama:Q4_K_M@candle", ONCE))
                .isEqualTo(new PullResult("tinyllama:Q4_K_M", "success", gguf.length));

        StoredModel model = store().find(ModelSpec.parse("tinyllama:Q4_K_M"));
        assertThat(Files.readAllBytes(model.file())).isEqualTo(gguf);
        assertThat(model.file().getFileName()).hasToString("tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf");
        Manifest manifest = model.manifest();
        assertThat(manifest.revision()).isEqualTo(COMMIT);
        assertThat(manifest.source()).isEqualTo(server.url("/hub") + "/" + TINY);
        assertThat(manifest.origin()).isEqualTo(Manifest.Origin.DOWNLOADED);
        assertThat(manifest.files())
                .containsExactly(
                        new Manifest.Entry("tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf", gguf.length, Sha256.of(gguf)));
        assertThat(progress)
                .extracting(PullProgress::status)
                .contains("pulling manifest", "downloading", "verifying", "writing manifest")
                .endsWith("success");
        assertThat(progress.getLast()).isEqualTo(new PullProgress("success", 100, gguf.length, gguf.length));
        assertThat(server.requests())
                .allSatisfy(request -> assertThat(request.authorization()).isEqualTo("Bearer hf_token"));
    }

    @Test
    void whatIsThereIsNotFetchedAgainUnlessForced() {
        hub(TINY, "main", "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf");
        pull("tinyllama:Q4_K_M", ONCE);
        int before = server.requests().size();

        assertThat(pull("TinyLlama:q4_k_m", ONCE).status()).isEqualTo("exists");
        assertThat(server.requests()).hasSize(before);
        assertThat(pull("tinyllama:Q4_K_M", new PullOptions(true)).status()).isEqualTo("success");
        assertThat(server.requests().size()).isGreaterThan(before);
        assertThat(store().list().models()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "hf.co/me/Repo-GGUF,             hf.co/me/Repo-GGUF:Q4_K_M, x-Q4_K_M.gguf",
        "hf.co/me/Repo-GGUF:q8_0,        hf.co/me/Repo-GGUF:q8_0,   x-Q8_0.gguf",
        "hf.co/me/Repo-GGUF:x-Q8_0.gguf, hf.co/me/Repo-GGUF:Q8_0,   x-Q8_0.gguf",
        "hf.co/me/Repo-GGUF:IQ2_XXS,     hf.co/me/Repo-GGUF:IQ2_XXS, x-IQ2_XXS.gguf"
    })
    void anyRepositoryCanBeNamed(String spec, String id, String file) {
        hub("me/Repo-GGUF", "main", "mmproj-x-f16.gguf", "sub/x-IQ2_XXS.gguf", "x-Q4_K_M.gguf", "x-Q8_0.gguf");

        assertThat(pull(spec, ONCE).modelId()).isEqualTo(id);
        assertThat(store().find(ModelSpec.parse(id)).file().getFileName()).hasToString(file);
    }

    @Test
    void withoutTheUsualQuantizationTheNearestIsTaken() {
        hub("me/Repo-GGUF", "main", "x-F16.gguf", "x-Q2_K.gguf", "x-Q5_K_M.gguf");
        assertThat(pull("hf.co/me/Repo-GGUF", ONCE).modelId()).isEqualTo("hf.co/me/Repo-GGUF:Q5_K_M");
    }

    @Test
    void aRevisionIsAskedForByName() {
        hub("me/Repo-GGUF", "v1.0", "x-Q4_K_M.gguf");
        pull("hf.co/me/Repo-GGUF", new PullOptions(false, "v1.0"));
        assertThat(server.requests().getFirst().path()).endsWith("/revision/v1.0");
        assertThat(store().list().models()).hasSize(1);
    }

    @Test
    void anIncompleteSplitModelIsNotOffered() {
        hub("me/Repo-GGUF", "main", "x-Q4_K_M-00001-of-00003.gguf", "x-Q4_K_M-00002-of-00003.gguf", "x-Q2_K.gguf");
        assertThat(failure("hf.co/me/Repo-GGUF:Q4_K_M").detail())
                .contains("has no Q4_K_M")
                .contains("it has Q2_K");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nosuch:latest", "tinyllama:Q4_K_M", "hf.co/user/repo:Q8_0"})
    void aServerThatCannotBeReachedIsNamed(String spec) {
        server.close();
        assertThat(failure(spec).detail())
                .isEqualTo(spec + ": " + server.url("/").getHost() + " cannot be reached");
    }

    @Test
    void anOllamaRegistryServesNamesThatAreNotShortNames() throws Exception {
        registry("library/llama3.2", "1b", "sha256:" + Sha256.of(gguf), gguf.length);

        assertThat(pull("llama3.2:1b@candle", ONCE).modelId()).isEqualTo("llama3.2:1b");

        StoredModel model = store().find(ModelSpec.parse("llama3.2:1b"));
        assertThat(Files.readAllBytes(model.file())).isEqualTo(gguf);
        assertThat(model.manifest().revision()).startsWith("sha256:");
        assertThat(server.requests())
                .allSatisfy(request -> assertThat(request.authorization()).isNull());
    }

    @ParameterizedTest
    @ValueSource(strings = {"sha256:../../../../etc/passwd", "sha256:abc", "md5:00", "../x", "sha256-zz"})
    void aRegistrysDigestThatIsNoneIsRefusedBeforeItIsUsed(String digest) {
        registry("library/evil", "latest", digest, 5);
        assertThat(failure("evil").detail()).contains("no SHA-256 digest");
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void wrongContentLeavesNothing() throws Exception {
        hub(TINY, "main", "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf");
        server.always(resolve(TINY, "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf"), new Fault.WrongBytes());
        assertThat(failure("tinyllama:Q4_K_M").detail()).contains("SHA-256 differs");
        try (Stream<Path> files = Files.walk(folder.resolve("models"))) {
            assertThat(files.filter(file -> file.toString().contains(".gguf"))).isEmpty();
        }
    }

    @Test
    void whatIsNoModelIsRefusedThoughItArrivedWhole() {
        gguf = "<html>surprise</html>".getBytes(StandardCharsets.UTF_8);
        hub(TINY, "main", "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf");
        assertThat(failure("tinyllama:Q4_K_M").detail())
                .contains("cannot be used")
                .contains("HTML");
    }

    @Test
    void aGatedModelSaysWhatToDo() {
        server.always("/hub/api/models/me/Gated-GGUF/revision/main", new Fault.Status(403, null));
        LocalModelException failure = failure("hf.co/me/Gated-GGUF:Q4_K_M");
        assertThat(failure.detail()).contains("does not give access");
        assertThat(failure.solutions().getFirst()).contains("https://huggingface.co/me/Gated-GGUF");
        assertThat(failure.solutions()).anyMatch(solution -> solution.contains("HFHUB_API_KEY"));
    }

    @Test
    void anUnknownModelSaysHowToNameOne() {
        LocalModelException failure = failure("no-such-model:7b@candle");
        assertThat(failure.detail()).contains("HTTP 404");
        assertThat(failure.solutions()).contains("Verify model name correct");
    }

    @ParameterizedTest
    @ValueSource(strings = {"not json", "[1,2]", "{'sha':5}", "{'sha':'../../x'}"})
    void aHubThatIsNoneIsNamed(String answer) {
        server.serve("/hub/api/models/me/Repo-GGUF/revision/main", json(answer));
        assertThat(failure("hf.co/me/Repo-GGUF").detail()).contains("127.0.0.1");
    }

    @Test
    void pathsThatLeaveTheFolderAreNotOffered() {
        hub("me/Repo-GGUF", "main", "../x-Q4_K_M.gguf", "a/../../x-Q8_0.gguf");
        assertThat(failure("hf.co/me/Repo-GGUF").detail()).contains("holds no GGUF file");
    }

    @Test
    void offlineFetchesNothingAndSaysHowToImport() {
        LocalModelException failure =
                catchThrowableOfType(LocalModelException.class, () -> pull("tinyllama:Q4_K_M", ONCE, true, null));
        assertThat(failure.detail()).contains("LLMSPELL_OFFLINE");
        assertThat(failure.solutions()).anyMatch(solution -> solution.contains("llmspell model import"));
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void aCancelledPullGoesOnWhereItStopped() throws Exception {
        hub(TINY, "main", "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf");
        server.always(resolve(TINY, "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf"), new Fault.StallAfter(10));
        List<LocalModelException> failures = new ArrayList<>();
        Thread thread = Thread.ofPlatform()
                .start(() -> failures.add(
                        catchThrowableOfType(LocalModelException.class, () -> pull("tinyllama:Q4_K_M", ONCE))));
        while (server.requests().stream().noneMatch(request -> request.path().contains("/resolve/"))) {
            Thread.sleep(5);
        }
        thread.interrupt();
        thread.join(10_000);
        assertThat(failures.getFirst().kind()).isEqualTo(Kind.CANCELLED);
        assertThat(store().list().models()).isEmpty();

        server.always(resolve(TINY, "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf"), new Fault.None());
        assertThat(pull("tinyllama:Q4_K_M", ONCE).status()).isEqualTo("success");
    }

    @Test
    void aMirrorMayHaveAPathOfItsOwn() {
        hub(TINY, "main", "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf");
        pull("tinyllama:Q4_K_M", ONCE);
        assertThat(server.requests())
                .allMatch(request -> URI.create(request.path()).getPath().startsWith("/hub/"));
    }
}
