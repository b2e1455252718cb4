package org.llmspell.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.json.JsonText;

/** A model behind a {@code llmspell serve} of its own, with clients that stream replies of Ollama's interface from it. */
final class ServedModel implements AutoCloseable {
    private static final String NAME = "bench:model";

    private final Process process;
    private final Path folder;
    private final URI url;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();
    private final SplittableRandom random = new SplittableRandom(11);

    private ServedModel(Process process, Path folder, URI url) {
        this.process = process;
        this.folder = folder;
        this.url = url;
    }

    /**
     * Starts a server with {@code file} as its only model.
     *
     * @param launcher of this project's command
     * @throws BenchException if it does not come up; its own words are on standard error
     */
    static ServedModel start(Path launcher, Path file) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("llmspell-bench-");
        List<String> link = List.of(
                launcher.toString(), "model", "import", file.toAbsolutePath().toString(), NAME, "--symlink");
        if (process(folder, link)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                != 0) {
            throw new BenchException("the model cannot be made known to the server");
        }
        Process server = process(folder, List.of(launcher.toString(), "serve", "--port", "0", "--output", "json"))
                .start();
        String line =
                new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8)).readLine();
        if (line == null) {
            throw new BenchException("the server did not start");
        }
        Runtime.getRuntime().addShutdownHook(new Thread(server::destroy)); // also when this program is told to end
        return new ServedModel(
                server,
                folder,
                URI.create(String.valueOf(JsonText.parseObject(line).get("url"))));
    }

    private static ProcessBuilder process(Path folder, List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("LLMSPELL_MODEL_DIR", folder.toString());
        return builder;
    }

    /** When the first piece of a reply was there, in seconds after the request, and what the server counted. */
    private record Reply(double firstToken, String text, int promptTokens, int generated) {}

    /** How long two turns of one conversation waited for their first token, in seconds, and how many tokens the second had. */
    record Turns(double first, double second, int tokens) {}

    /** So many clients at once with prompts of their own; how many tokens of replies there were a second. */
    double generate(int clients, int prompt, int reply) throws Exception {
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            prompts.add(text(prompt));
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            long start = System.nanoTime();
            List<Future<Reply>> replies = new ArrayList<>();
            for (String each : prompts) {
                replies.add(threads.submit(() -> ask(each, reply)));
            }
            int tokens = 0;
            for (Future<Reply> each : replies) {
                tokens += each.get().generated;
            }
            return tokens * 1e9 / (System.nanoTime() - start);
        }
    }

    /** A first turn of {@code history} tokens, and a second one that goes on from it and its reply. */
    Turns turns(int history) throws Exception {
        String first = text(history);
        Reply one = ask(first, 16);
        Reply two = ask(first + one.text + text(24), 16);
        return new Turns(one.firstToken, two.firstToken, two.promptTokens);
    }

    private Reply ask(String prompt, int tokens) throws IOException, InterruptedException {
        Map<String, Object> body = Map.of(
                "model",
                NAME,
                "prompt",
                prompt,
                "raw",
                true,
                "options",
                Map.of("temperature", 0, "num_predict", tokens));
        long start = System.nanoTime();
        HttpResponse<InputStream> response = http.send(
                HttpRequest.newBuilder(url.resolve("/api/generate"))
                        .POST(BodyPublishers.ofString(JsonText.compact(body)))
                        .build(),
                BodyHandlers.ofInputStream());
        double firstToken = 0;
        StringBuilder text = new StringBuilder();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                firstToken = firstToken == 0 ? (System.nanoTime() - start) / 1e9 : firstToken;
                Map<String, @Nullable Object> piece = JsonText.parseObject(line);
                if (!(piece.get("response") instanceof String more)) {
                    throw new BenchException("the server said: " + line);
                }
                text.append(more);
                if (Boolean.TRUE.equals(piece.get("done"))) {
                    return new Reply(
                            firstToken,
                            text.toString(),
                            number(piece, "prompt_eval_count"),
                            number(piece, "eval_count"));
                }
            }
        }
        throw new BenchException("the server broke a reply off");
    }

    private static int number(Map<String, @Nullable Object> fields, String name) {
        return fields.get(name) instanceof Number number ? number.intValue() : 0;
    }

    /** Words at random, {@code tokens} tokens long as the server counts them, or a few less. */
    private String text(int tokens) throws IOException, InterruptedException {
        StringBuilder text = new StringBuilder();
        for (int word = 0; word < tokens; word++) {
            text.append(' ').append((char) ('a' + random.nextInt(26))).append((char) ('a' + random.nextInt(26)));
        }
        // Words are one to three tokens: what is too long is cut by its share, until it fits.
        int count = count(text);
        while (count > tokens) {
            text.setLength(Math.max(3, text.length() * tokens / count / 3 * 3 - (count - tokens < 3 ? 3 : 0)));
            count = count(text);
        }
        return text.toString();
    }

    private int count(CharSequence text) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(url.resolve("/api/tokenize"))
                        .POST(BodyPublishers.ofString(
                                JsonText.compact(Map.of("model", NAME, "content", text.toString()))))
                        .build(),
                BodyHandlers.ofString());
        if (!(JsonText.parseObject(response.body()).get("tokens") instanceof List<?> tokens)) {
            throw new BenchException("the server said: " + response.body());
        }
        return tokens.size();
    }

    @Override
    public void close() throws IOException {
        http.shutdownNow();
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
