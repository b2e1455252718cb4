package org.llmspell.langchain4j;

import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.util.function.Supplier;
import org.llmspell.local.LocalModelException;

/**
 * Failures of local models as LangChain4j's exceptions: those that may pass by themselves are retriable. Their message is all that a
 * person is told, with what to do about it, and their cause is the {@link LocalModelException}.
 */
final class Failures {
    private Failures() {}

    /** What {@code work} returns, or its failure as LangChain4j's. */
    static <T> T mapped(Supplier<T> work) {
        try {
            return work.get();
        } catch (LocalModelException e) {
            throw of(e);
        }
    }

    static LangChain4jException of(LocalModelException failure) {
        String message = failure.render();
        return switch (failure.kind()) {
            case INVALID_REQUEST, CONTEXT_EXCEEDED -> new InvalidRequestException(message, failure);
            case MODEL_NOT_FOUND -> new ModelNotFoundException(message, failure);
            case UNSUPPORTED -> unsupported(message, failure);
            case CONFIGURATION, MODEL_UNUSABLE, STORE -> new NonRetriableException(message, failure);
            case OUT_OF_MEMORY, BACKEND_UNAVAILABLE, TRANSFER_FAILED -> new InternalServerException(message, failure);
            case CANCELLED -> new LangChain4jException(message, failure);
        };
    }

    private static UnsupportedFeatureException unsupported(String message, LocalModelException cause) {
        UnsupportedFeatureException unsupported = new UnsupportedFeatureException(message);
        unsupported.initCause(cause);
        return unsupported;
    }
}
