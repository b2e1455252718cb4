package org.llmspell.server.api;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts what happens, and writes it as Prometheus reads it (text format 0.0.4). Thread-safe. */
public final class Metrics {
    /** Upper bounds in seconds, from a token to a long reply. */
    private static final double[] BOUNDS = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};

    private final Map<Answer, LongAdder> answers = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> promptTokens = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> cachedTokens = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> generatedTokens = new ConcurrentHashMap<>();
    private final LongAdder cancelled = new LongAdder();
    private final Histogram requestTime = new Histogram();
    private final Histogram firstToken = new Histogram();
    private final Histogram queueTime = new Histogram();

    private record Answer(String method, String route, int status) {}

    private static final class Histogram {
        private final LongAdder[] buckets = new LongAdder[BOUNDS.length + 1];
        private final LongAdder nanos = new LongAdder();

        Histogram() {
            for (int i = 0; i < buckets.length; i++) {
                buckets[i] = new LongAdder();
            }
        }

        void add(long duration) {
            int bucket = 0;
            while (bucket < BOUNDS.length && duration > BOUNDS[bucket] * 1e9) {
                bucket++;
            }
            buckets[bucket].increment();
            nanos.add(duration);
        }

        void write(StringBuilder out, String name, String help) {
            head(out, name, "histogram", help);
            long sum = 0;
            for (int i = 0; i < buckets.length; i++) {
                sum += buckets[i].sum();
                String bound = i == BOUNDS.length ? "+Inf" : String.valueOf(BOUNDS[i]);
                out.append(name)
                        .append("_bucket{le=\"")
                        .append(bound)
                        .append("\"} ")
                        .append(sum)
                        .append('\n');
            }
            out.append(name).append("_sum ").append(nanos.sum() / 1e9).append('\n');
            out.append(name).append("_count ").append(sum).append('\n');
        }
    }

    /** A request was answered. */
    public void answered(String method, String route, int status, long nanos) {
        // Whatever a client calls a method must not become a line of its own.
        String known = switch (method) {
            case "GET", "HEAD", "POST", "DELETE", "OPTIONS" -> method;
            default -> "OTHER";
        };
        answers.computeIfAbsent(new Answer(known, route, status), a -> new LongAdder())
                .increment();
        requestTime.add(nanos);
    }

    /** A request got its place after waiting so long. */
    void waited(long nanos) {
        queueTime.add(nanos);
    }

    /** A reply was made to its end. */
    void generated(String backend, int prompt, int cached, int tokens, Duration timeToFirstToken) {
        promptTokens.computeIfAbsent(backend, b -> new LongAdder()).add(prompt);
        cachedTokens.computeIfAbsent(backend, b -> new LongAdder()).add(cached);
        generatedTokens.computeIfAbsent(backend, b -> new LongAdder()).add(tokens);
        firstToken.add(timeToFirstToken.toNanos());
    }

    /** A reply was given up because its client went away. */
    void cancelled() {
        cancelled.increment();
    }

    /** All of it, with the gauges that others know. */
    public String write(Map<String, Double> gauges) {
        StringBuilder out = new StringBuilder();
        head(out, "llmspell_http_requests_total", "counter", "Requests answered.");
        Map<String, Long> lines = new TreeMap<>();
        answers.forEach((answer, count) -> lines.put(
                "{method=\"%s\",route=\"%s\",status=\"%d\"}".formatted(answer.method, answer.route, answer.status),
                count.sum()));
        lines.forEach((labels, count) -> out.append("llmspell_http_requests_total")
                .append(labels)
                .append(' ')
                .append(count)
                .append('\n'));
        requestTime.write(out, "llmspell_http_request_duration_seconds", "From a request's head to its reply's end.");
        tokens(out, "llmspell_prompt_tokens_total", "Tokens of prompts, cached ones included.", promptTokens);
        tokens(out, "llmspell_cached_tokens_total", "Tokens of prompts found in the cache.", cachedTokens);
        tokens(out, "llmspell_generated_tokens_total", "Tokens generated.", generatedTokens);
        firstToken.write(out, "llmspell_time_to_first_token_seconds", "From the start of a reply to its first token.");
        queueTime.write(out, "llmspell_queue_duration_seconds", "Wait for a place.");
        head(out, "llmspell_cancelled_total", "counter", "Replies given up because their client went away.");
        out.append("llmspell_cancelled_total ").append(cancelled.sum()).append('\n');
        new TreeMap<>(gauges).forEach((name, value) -> {
            head(out, name, "gauge", "Now.");
            out.append(String.format(
                    Locale.ROOT,
                    "%s %s%n",
                    name,
                    value == Math.rint(value) ? (Object) value.longValue() : (Object) value));
        });
        return out.toString();
    }

    private static void tokens(StringBuilder out, String name, String help, Map<String, LongAdder> byBackend) {
        head(out, name, "counter", help);
        new TreeMap<>(byBackend)
                .forEach((backend, count) -> out.append(name)
                        .append("{backend=\"")
                        .append(backend)
                        .append("\"} ")
                        .append(count.sum())
                        .append('\n'));
    }

    private static void head(StringBuilder out, String name, String type, String help) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }
}
