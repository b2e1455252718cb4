package org.llmspell.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ConfiguredModelsTest {
    private final FakeBackend ollama = new FakeBackend("ollama");
    private final FakeBackend candle = new FakeBackend("candle");
    private final LocalModels both = new ConfiguredModels(List.of(ollama, candle));

    /** What a new process would take. */
    private String choice(String spec) {
        return new ConfiguredModels(List.of(ollama, candle))
                .resolve(ModelSpec.parse(spec))
                .name();
    }

    @Test
    void takesTheNamedBackendWhateverItsState() {
        ollama.available = false;

        assertThat(choice("x@ollama")).isEqualTo("ollama");
        assertThat(choice("x@candle")).isEqualTo("candle");
    }

    @Test
    void takesOllamaIfItAnswersAndCandleOtherwise() {
        ollama.models.add("x");
        assertThat(choice("x")).isEqualTo("ollama");

        ollama.available = false;
        assertThat(choice("x")).isEqualTo("candle");
    }

    @Test
    void takesCandleForAModelThatOnlyCandleHas() {
        candle.models.add("x");
        assertThat(choice("x")).isEqualTo("candle");

        ollama.models.add("x");
        assertThat(choice("x")).isEqualTo("ollama");
        assertThat(choice("neither-has-it")).isEqualTo("ollama");
    }

    @Test
    void aChoiceHoldsForTheProcess() {
        ollama.models.add("x");
        assertThat(both.resolve(ModelSpec.parse("x"))).isSameAs(ollama);

        ollama.available = false;
        assertThat(both.resolve(ModelSpec.parse("x"))).isSameAs(ollama);
    }

    @Test
    void takesCandleForAFile() {
        assertThat(choice("/m/x.gguf")).isEqualTo("candle");
    }

    @Test
    void namesTheBackendsThereAreForAnUnknownOne() {
        assertThatThrownBy(() -> both.backend("olama")).hasMessageContaining("did you mean \"ollama\"?");
        assertThatThrownBy(() -> both.list("vllm")).hasMessageContaining("there are ollama and candle");
        assertThat(both.backend("CANDLE")).isSameAs(candle);
    }

    @Test
    void asksAProviderOfTheUsersOwnFirstAndOnlyForWhatItOffers() {
        FakeBackend cluster = new FakeBackend("cluster");
        cluster.models.add("x");
        ollama.models.add("x");
        LocalModels models = new ConfiguredModels(List.of(ollama, candle), List.of(cluster), List.of("idle"));

        assertThat(models.resolve(ModelSpec.parse("x"))).isSameAs(cluster);
        assertThat(models.resolve(ModelSpec.parse("y"))).isSameAs(ollama);
        assertThat(models.resolve(ModelSpec.parse("x@ollama"))).isSameAs(ollama);
        assertThat(models.resolve(ModelSpec.parse("z@Cluster"))).isSameAs(cluster);
        assertThat(models.status(null).keySet()).containsExactly("ollama", "candle", "cluster", "idle");
        assertThatThrownBy(() -> models.backend("clutser")).hasMessageContaining("did you mean \"cluster\"?");
        assertThatThrownBy(() -> models.backend("idle"))
                .hasMessage("The backend idle is disabled in the configuration");

        LocalModels alone = new ConfiguredModels(List.of(), List.of(cluster), List.of());
        assertThat(alone.resolve(ModelSpec.parse("y"))).isSameAs(cluster);
    }

    @Test
    void saysHowToEnableADisabledBackend() {
        LocalModels one = new ConfiguredModels(List.of(candle));
        assertThatThrownBy(() -> one.resolve(ModelSpec.parse("x@ollama")))
                .isInstanceOfSatisfying(LocalModelException.class, e -> {
                    assertThat(e).hasMessage("The backend ollama is disabled in the configuration");
                    assertThat(e.solutions()).containsExactly("Set enabled = true under [providers.ollama]");
                });
        assertThat(one.resolve(ModelSpec.parse("x")).name()).isEqualTo("candle");

        LocalModels none = new ConfiguredModels(List.of());
        assertThatThrownBy(() -> none.resolve(ModelSpec.parse("x"))).hasMessageContaining("Every backend is disabled");
    }

    @Test
    void listsAllBackendsThatAnswer() {
        ollama.models.add("a");
        candle.models.add("b");
        assertThat(both.list(null)).extracting(ModelEntry::id).containsExactly("a", "b");
        assertThat(both.list("candle")).extracting(ModelEntry::id).containsExactly("b");

        ollama.available = false;
        assertThat(both.list(null)).extracting(ModelEntry::id).containsExactly("b");
        assertThatThrownBy(() -> both.list("ollama")).hasMessage("down");
    }

    @Test
    void tellsTheStatusOfAllInTheOrderTriedAndOfOne() {
        ollama.available = false;

        assertThat(both.status(null).keySet()).containsExactly("ollama", "candle");
        assertThat(both.status("CANDLE").keySet()).containsExactly("candle");
        assertThatThrownBy(() -> both.status("vllm")).hasMessageContaining("there are ollama and candle");
    }

    @Test
    void tellsTheStatusOfADisabledBackendToo() {
        LocalModels one = new ConfiguredModels(List.of(candle));

        assertThat(one.status(null).values())
                .extracting(BackendStatus::available)
                .containsExactly(false, true);
        assertThat(one.status("ollama").values())
                .extracting(BackendStatus::error)
                .containsExactly("disabled in the configuration");
    }

    @Test
    void closesAll() {
        both.close();

        assertThat(ollama.closed).isTrue();
        assertThat(candle.closed).isTrue();
    }
}
