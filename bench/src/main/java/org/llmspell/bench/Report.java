package org.llmspell.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.json.JsonText;

/** Results as people and programs read them. */
final class Report {
    private Report() {}

    /** One document for one model; for several, one that holds them by name. */
    static String json(List<Comparison.Result> results) {
        if (results.size() == 1) {
            return JsonText.compact(document(results.getFirst()));
        }
        List<Object> models = new ArrayList<>();
        for (Comparison.Result result : results) {
            Map<String, @Nullable Object> document = new LinkedHashMap<>();
            document.put("model", result.model());
            document.putAll(document(result));
            models.add(document);
        }
        return JsonText.compact(Map.of("models", models));
    }

    private static Map<String, @Nullable Object> document(Comparison.Result result) {
        List<Object> tests = new ArrayList<>();
        for (Comparison.Figures figures : result.figures()) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            fields.put("test", figures.test());
            fields.put("ours", rounded(figures.ours()));
            fields.put("theirs", rounded(figures.theirs()));
            fields.put("ratio", rounded(figures.ratio()));
            tests.add(fields);
        }
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("results", tests);
        document.put("read_gbps", rounded(result.readGbps()));
        document.put(
                "decode_share",
                result.decodeShare().isEmpty()
                        ? null
                        : (Double) rounded(result.decodeShare().getAsDouble()));
        return document;
    }

    /** Three digits behind the point say more than a measurement knows. */
    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    static String text(List<Comparison.Result> results) {
        StringBuilder text = new StringBuilder();
        for (Comparison.Result result : results) {
            text.append(result.model()).append(": ours is ").append(result.ours());
            text.append("; theirs is ").append(result.theirs()).append('\n');
            text.append(String.format(Locale.ROOT, "  %-14s %9s %9s %7s%n", "TEST", "OURS", "THEIRS", "RATIO"));
            for (Comparison.Figures figures : result.figures()) {
                text.append(String.format(
                        Locale.ROOT,
                        "  %-14s %9.1f %9.1f %7.2f%n",
                        figures.test(),
                        figures.ours(),
                        figures.theirs(),
                        figures.ratio()));
            }
            text.append(String.format(Locale.ROOT, "  memory reads %.1f GB/s", result.readGbps()));
            result.decodeShare()
                    .ifPresent(share -> text.append(
                            String.format(Locale.ROOT, ", of which making tokens uses %.0f%%", 100 * share)));
            text.append('\n');
        }
        return text.toString();
    }
}
