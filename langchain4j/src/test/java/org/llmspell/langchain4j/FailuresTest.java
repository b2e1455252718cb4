package org.llmspell.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.RetriableException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llmspell.local.LocalModelException;
import org.llmspell.local.LocalModelException.Kind;

class FailuresTest {
    private static final Map<Kind, Class<?>> TYPES = Map.ofEntries(
            Map.entry(Kind.INVALID_REQUEST, InvalidRequestException.class),
            Map.entry(Kind.CONTEXT_EXCEEDED, InvalidRequestException.class),
            Map.entry(Kind.MODEL_NOT_FOUND, ModelNotFoundException.class),
            Map.entry(Kind.UNSUPPORTED, UnsupportedFeatureException.class),
            Map.entry(Kind.CONFIGURATION, NonRetriableException.class),
            Map.entry(Kind.MODEL_UNUSABLE, NonRetriableException.class),
            Map.entry(Kind.STORE, NonRetriableException.class),
            Map.entry(Kind.OUT_OF_MEMORY, InternalServerException.class),
            Map.entry(Kind.BACKEND_UNAVAILABLE, InternalServerException.class),
            Map.entry(Kind.TRANSFER_FAILED, InternalServerException.class),
            Map.entry(Kind.CANCELLED, LangChain4jException.class));

    @ParameterizedTest
    @EnumSource
    void everyKindOfFailureIsAnExceptionOfLangChain4jThatSaysWhatToDo(Kind kind) {
        LocalModelException failure = new LocalModelException(kind, "It broke", "badly", List.of("Mend it"), null);
        LlmSpellChatModel model = LlmSpellChatModel.builder()
                .models(ScriptedModels.failing(failure))
                .modelName(TinyModels.NAME)
                .build();

        assertThatThrownBy(() -> model.chat("Hi"))
                .isExactlyInstanceOf(TYPES.get(kind))
                .hasMessage("It broke\nbadly\n\nSolutions:\n1. Mend it")
                .hasCause(failure);
    }

    @ParameterizedTest
    @EnumSource(names = {"OUT_OF_MEMORY", "BACKEND_UNAVAILABLE", "TRANSFER_FAILED"})
    void whatMayPassByItselfIsRetriable(Kind kind) {
        assertThat(Failures.of(new LocalModelException(kind, "later"))).isInstanceOf(RetriableException.class);
    }
}
