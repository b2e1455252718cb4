package org.llmspell.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.gguf.GgufWriter;
import org.llmspell.local.store.Sha256;
import org.llmspell.testing.FakeFiles;

/** A Hugging Face Hub in this process, with repositories of one GGUF file each. */
final class FakeHub implements AutoCloseable {
    static final String TINYLLAMA = "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF";

    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    final FakeFiles files = new FakeFiles();

    /** The address for {@code HF_ENDPOINT}. */
    String url() {
        return files.url("/hub").toString();
    }

    /** Where the file's bytes are. */
    static String path(String repository, String file) {
        return "/hub/" + repository + "/resolve/" + COMMIT + "/" + file;
    }

    FakeHub with(String repository, String revision, String file, byte[] content) {
        json(
                "/hub/api/models/" + repository + "/revision/" + revision,
                "{'id':'" + repository + "','sha':'" + COMMIT + "'}");
        json(
                "/hub/api/models/" + repository + "/tree/" + COMMIT,
                "[{'type':'file','path':'" + file + "','size':" + content.length + ",'lfs':{'oid':'"
                        + Sha256.of(content) + "','size':" + content.length + "}}]");
        files.serve(path(repository, file), content);
        return this;
    }

    private void json(String path, String text) {
        files.serve(path, text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    /** A GGUF file of so many MiB that looks like a language model and cannot run. */
    static byte[] model(Path folder, int mebibytes) throws IOException {
        Path file = folder.resolve("model-" + mebibytes + ".gguf");
        long rows = mebibytes * 256L;
        new GgufWriter()
                .put("general.architecture", "llama")
                .put("llama.block_count", 1)
                .put("general.file_type", 15)
                .tensor("token_embd.weight", BlockFormat.F32, List.of(1024L, rows), new byte[mebibytes << 20])
                .write(file);
        byte[] content = Files.readAllBytes(file);
        Files.delete(file);
        return content;
    }

    @Override
    public void close() {
        files.close();
    }
}
