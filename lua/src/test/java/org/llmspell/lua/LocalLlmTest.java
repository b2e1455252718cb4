package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalLlmTest {
    @Test
    void listsModels() {
        assertThat(Script.output("""
                        for _, m in ipairs(LocalLLM.list()) do
                          print(m.id, m.backend, m.size_bytes, m.quantization, m.modified_at)
                        end
                        print(#LocalLLM.list("candle"), LocalLLM.list("candle")[1].id)
                        print(pcall(function() LocalLLM.list("nope") end))
                        print(pcall(function() LocalLLM.list(3) end))
                        """)).isEqualTo("""
                           tiny-ollama:Q4_K_M\tollama\t3145728\tQ4_K_M\t1970-01-01T00:00:01Z
                           tiny-candle:Q4_K_M\tcandle\t3145728\tQ4_K_M\t1970-01-01T00:00:01Z
                           1\ttiny-candle:Q4_K_M
                           false\t(command line):5: Unknown backend "nope"
                           false\t(command line):6: the backend must be a string, got number
                           """);
    }

    @Test
    void anEmptyListIsAList() {
        Script script = new Script();
        script.models.empty = true;
        assertThat(script.run("print(JSON.stringify(LocalLLM.list()))")).isEqualTo("[]\n");
    }

    @Test
    void describesAModel() {
        assertThat(Script.output("""
                        local info = LocalLLM.info("local/tiny:Q4_K_M@candle")
                        print(info.id, info.backend, info.size_bytes, info.format, info.architecture, info.quantization,
                          info.parameter_count, info.context_length, info.loaded, info.path)
                        print(select(2, pcall(function() LocalLLM.info("missing") end)))
                        print(pcall(function() LocalLLM.info() end))
                        """))
                .isEqualTo("tiny:Q4_K_M\tcandle\t123456\tGGUF\tllama\tQ4_K_M\t1100\t2048\tfalse\tnil\n"
                        + "(command line):4: Model missing not found\n\nSolutions:\n"
                        + "1. Pull it: llmspell model pull missing\n"
                        + "false\t(command line):5: LocalLLM.info takes a model such as \"tinyllama:Q4_K_M@candle\", got"
                        + " nil\n");
    }

    @Test
    void tellsTheStatusOfEveryBackendOrOfOne() {
        assertThat(Script.output("""
                        local status = LocalLLM.status()
                        print(status.ollama.running, status.ollama.models, status.ollama.version, status.ollama.error)
                        print(status.candle.ready, status.candle.models, status.candle.version, status.candle.error)
                        print(LocalLLM.status("candle").candle.ready, LocalLLM.status("candle").ollama)
                        """))
                .isEqualTo("false\t0\tnil\tFailed to connect to Ollama server\ntrue\t1\t0.1\tnil\ntrue\tnil\n");
    }

    @Test
    void embedsATextOrAList() {
        assertThat(Script.output("""
                        local vector = LocalLLM.embed("tiny@candle", "four")
                        print(#vector, vector[1], vector[2])
                        local vectors = LocalLLM.embed("tiny@candle", {"a", "bc"}, {truncate = true, normalize = false})
                        print(#vectors, vectors[1][1], vectors[2][1], vectors[2][2])
                        local tokens = LocalLLM.embed("tiny@candle", "x", {pooling = "none"})
                        print(#tokens, tokens[2][1])
                        print(#LocalLLM.embed("tiny@candle", {}))
                        print(pcall(function() LocalLLM.embed("tiny@candle") end))
                        print(pcall(function() LocalLLM.embed("tiny@candle", {"a", 3}) end))
                        print(pcall(function() LocalLLM.embed("tiny@candle", "a", {pooling = "max"}) end))
                        print(pcall(function() LocalLLM.embed("tiny@candle", "a", {size = 3}) end))
                        """)).isEqualTo("""
                           2\t4.0\t0.5
                           2\t-1.0\t-2.0\t1.0
                           2\t3.0
                           0
                           false\t(command line):8: LocalLLM.embed takes a text or a list of texts, got nil
                           false\t(command line):9: LocalLLM.embed takes a text or a list of texts, but element 2 is no text
                           false\t(command line):10: pooling must be "mean", "cls", "last" or "none", got max
                           false\t(command line):11: unknown option "size" of LocalLLM.embed; there are pooling, normalize, truncate
                           """);
    }

    @Test
    void pullsWithProgress() {
        assertThat(Script.output("""
                        local result = LocalLLM.pull("tiny:Q4@candle", function(p) seen = p end)
                        print(result.model_id, result.status, result.percent_complete, result.bytes_total, result.error)
                        print(LocalLLM.pull("tiny:Q4@candle").status)
                        print(select(2, pcall(function() LocalLLM.pull("missing") end)))
                        """)).isEqualTo("""
                           tiny:Q4\tsuccess\t100.0\t100\tnil
                           success
                           (command line):4: Failed to download model

                           Solutions:
                           1. Check internet connection
                           """);
    }

    @Test
    void anErrorInTheProgressFunctionStopsTheDownload() throws InterruptedException {
        Script script = new Script();
        assertThat(script.run("""
                        print(pcall(LocalLLM.pull, "stuck", function(p) error(p.percent_complete, 0) end))
                        print(LocalLLM.pull("tiny").status)
                        """)).isEqualTo("false\t1.0\nsuccess\n");
        for (int i = 0; i < 1000 && !script.models.pullInterrupted; i++) {
            Thread.sleep(10);
        }
        assertThat(script.models.pullInterrupted).isTrue();
    }

    @Test
    void removesAModel() {
        Script script = new Script();
        script.run("LocalLLM.remove('tiny:Q4@candle')");
        assertThat(script.models.removed).containsExactly("tiny:Q4");
    }

    @Test
    void readsTheConfiguration(@TempDir Path folder) {
        assertThat(new Script()
                        .config(folder, "[providers.candle.options]\ndevice = \"cpu\"\nhf_api_key = \"hf_secret\"\n")
                        .run("""
                                print(Config.get("providers.candle.options.device"))
                                print(Config.get("providers.candle.enabled"), Config.get("no.such.key"))
                                print(Config.get("providers.candle.options").device)
                                print(Config.get("providers.candle.options.hf_api_key") == "hf_secret")
                                print(pcall(function() Config.get() end))
                                """))
                .isEqualTo("cpu\ntrue\tnil\ncpu\nfalse\n"
                        + "false\t(command line):5: Config.get takes a path such as"
                        + " \"providers.candle.options.device\", got nil\n");
    }
}
