package org.llmspell.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import org.junit.jupiter.api.Test;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import org.llmspell.kernels.*;
import org.llmspell.testing.TestData;
import tools.jackson.databind.JsonNode;

class GoldenLogitsTest {
    @Test void probe() {
        JsonNode g = TestData.json("models/tiny_random/goldens.json");
        int[] ids = new int[32];
        for (int i = 0; i < 32; i++) ids[i] = g.get("prompt_ids").get(i).asInt();
        for (JsonNode m : g.get("models")) {
            String name = m.get("name").asString();
            try (BareModel l = new BareModel(TestData.path("models/tiny_random/" + name + ".gguf"), KernelProvider.best(), 2)) {
                float[] ref = TestData.floats("models/tiny_random/logits/" + name + ".f32.bin");
                for (int chunk : new int[]{32, 1, 7}) {
                float[][] got = l.logits(ids, chunk);
                double most = 0;
                for (int i = 0; i < 32; i++) most = Math.max(most, BareModel.largestDifference(got[i], Arrays.copyOfRange(ref, i * got[i].length, (i + 1) * got[i].length)));
                System.out.println(name + " " + chunk + " " + most);
                }
            } catch (Exception e) { System.out.println(name + " " + e); }
        }
        JsonNode s = TestData.json("models/stories260K/goldens.json");
        s.get("variants").properties().forEach(e -> {
            try (BareModel l = new BareModel(TestData.path("models/stories260K/" + e.getValue().get("file").asString()), KernelProvider.best(), 2)) {
                int p = 0;
                for (JsonNode run : e.getValue().get("runs")) {
                    JsonNode pi = s.get("prompts").get(run.get("prompt").asInt()).get("ids");
                    int[] prompt = new int[pi.size()]; for (int i = 0; i < prompt.length; i++) prompt[i] = pi.get(i).asInt();
                    float[] ref = TestData.floats("models/stories260K/" + run.get("prompt_logits").get("file").asString());
                    float[][] got = l.logits(prompt, 64);
                    double most = 0;
                    for (int i = 0; i < prompt.length; i++) most = Math.max(most, BareModel.largestDifference(got[i], Arrays.copyOfRange(ref, i * 512, (i + 1) * 512)));
                    int n = run.get("greedy_ids").size();
                    int[] gr = l.greedy(prompt, n);
                    int same = 0; while (same < n && gr[same] == run.get("greedy_ids").get(same).asInt()) same++;
                    System.out.println(e.getKey() + " " + most + " greedy " + same + "/" + n + " safe " + run.get("safe_greedy_prefix_tol_0.01"));
                }
            }
        });
    }
}
