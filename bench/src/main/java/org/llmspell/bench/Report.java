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

    /**
     * What was found for one model.
     *
     * @param figures as asked for
     * @param result with what was measured beside, null without tests of speed
     */
    record Model(String name, List<Figures> figures, Comparison.@Nullable Result result) {}

    /** One document for one model; for several, one that holds them by name. */
    static String json(List<Model> models) {
        if (models.size() == 1) {
            return JsonText.compact(document(models.getFirst()));
        }
        List<Object> all = new ArrayList<>();
        for (Model model : models) {
            Map<String, @Nullable Object> document = new LinkedHashMap<>();
            document.put("model", model.name);
            document.putAll(document(model));
            all.add(document);
        }
        return JsonText.compact(Map.of("models", all));
    }

    private static Map<String, @Nullable Object> document(Model model) {
        List<Object> tests = new ArrayList<>();
        for (Figures figures : model.figures) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            fields.put("test", figures.test());
            fields.put("ours", rounded(figures.ours()));
            fields.put("theirs", rounded(figures.theirs()));
            fields.put("ratio", rounded(figures.ratio()));
            tests.add(fields);
        }
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("results", tests);
        Comparison.Result result = model.result;
        document.put("read_gbps", result == null ? null : (Double) rounded(result.readGbps()));
        document.put(
                "decode_share",
                result == null || result.decodeShare().isEmpty()
                        ? null
                        : (Double) rounded(result.decodeShare().getAsDouble()));
        return document;
    }

    /** Three digits behind the point say more than a measurement knows. */
    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    static String text(List<Model> models) {
        StringBuilder text = new StringBuilder();
        for (Model model : models) {
            text.append(model.name).append('\n');
            if (model.result != null) {
                text.append("  ours is ").append(model.result.ours());
                text.append("; theirs is ").append(model.result.theirs()).append('\n');
            }
            text.append(String.format(
                    Locale.ROOT, "  %-14s %9s %9s %-9s %6s%n", "TEST", "OURS", "THEIRS", "UNIT", "RATIO"));
            for (Figures figures : model.figures) {
                String form =
                        figures.ours() < 10 ? "  %-14s %9.3f %9.3f %-9s %6.2f%n" : "  %-14s %9.1f %9.1f %-9s %6.2f%n";
                text.append(String.format(
                        Locale.ROOT,
                        form,
                        figures.test(),
                        figures.ours(),
                        figures.theirs(),
                        figures.unit(),
                        figures.ratio()));
            }
            if (model.result != null) {
                text.append(String.format(Locale.ROOT, "  memory reads %.1f GB/s", model.result.readGbps()));
                model.result
                        .decodeShare()
                        .ifPresent(share -> text.append(
                                String.format(Locale.ROOT, ", of which making tokens uses %.0f%%", 100 * share)));
                text.append('\n');
            }
        }
        return text.toString();
    }
}
