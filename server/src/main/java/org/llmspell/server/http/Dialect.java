package org.llmspell.server.http;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.local.json.JsonText;

/** How an interface words errors, as a reply of its own and as the end of a stream that has begun. */
public enum Dialect {
    /** {@code {"error":"…"}}, in a stream as its last line. */
    OLLAMA {
        @Override
        Map<String, @Nullable Object> error(HttpFailure failure) {
            return map("error", failure.text());
        }

        @Override
        byte[] lastWords(HttpFailure failure) {
            return (JsonText.compact(error(failure)) + "\n").getBytes(StandardCharsets.UTF_8);
        }
    },
    /** {@code {"error":{"message","type","param","code"}}}, in a stream as its last event. */
    OPENAI {
        @Override
        Map<String, @Nullable Object> error(HttpFailure failure) {
            Map<String, @Nullable Object> error = map("message", failure.text());
            error.put("type", type(failure.status()));
            error.put("param", failure.parameter());
            error.put("code", failure.code());
            return map("error", error);
        }

        @Override
        byte[] lastWords(HttpFailure failure) {
            return ("data: " + JsonText.compact(error(failure)) + "\n\n").getBytes(StandardCharsets.UTF_8);
        }

        private static String type(int status) {
            return switch (status) {
                case 401 -> "authentication_error";
                case 403 -> "permission_error";
                case 429 -> "rate_limit_error";
                default -> status < 500 ? "invalid_request_error" : "server_error";
            };
        }
    },
    /** {@code {"type":"error","error":{"type","message"}}}, in a stream as an event named {@code error}. */
    ANTHROPIC {
        @Override
        Map<String, @Nullable Object> error(HttpFailure failure) {
            Map<String, @Nullable Object> error = map("type", type(failure.status()));
            error.put("message", failure.text());
            Map<String, @Nullable Object> reply = map("type", "error");
            reply.put("error", error);
            return reply;
        }

        @Override
        byte[] lastWords(HttpFailure failure) {
            return ("event: error\ndata: " + JsonText.compact(error(failure)) + "\n\n")
                    .getBytes(StandardCharsets.UTF_8);
        }

        private static String type(int status) {
            return switch (status) {
                case 401 -> "authentication_error";
                case 403 -> "permission_error";
                case 404 -> "not_found_error";
                case 413 -> "request_too_large";
                case 429 -> "rate_limit_error";
                case 503 -> "overloaded_error";
                default -> status < 500 ? "invalid_request_error" : "api_error";
            };
        }
    };

    abstract Map<String, @Nullable Object> error(HttpFailure failure);

    abstract byte[] lastWords(HttpFailure failure);

    private static Map<String, @Nullable Object> map(String key, @Nullable Object value) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put(key, value);
        return map;
    }

    /** The interface that a path belongs to. */
    static Dialect of(String path) {
        if (path.startsWith("/v1/messages")) {
            return ANTHROPIC;
        }
        return path.startsWith("/v1/") ? OPENAI : OLLAMA;
    }
}
