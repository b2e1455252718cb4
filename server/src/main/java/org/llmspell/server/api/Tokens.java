package org.llmspell.server.api;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.ChatInput;
import org.llmspell.engine.ChatMessage;
import org.llmspell.engine.EngineException;
import org.llmspell.engine.ModelLease;
import org.llmspell.engine.tokenizer.Tokenizer;
import org.llmspell.local.candle.CandleBackend;
import org.llmspell.server.http.Exchange;
import org.llmspell.server.http.HttpFailure;

/**
 * {@code /api/tokenize} and {@code /api/detokenize}, and the count of a conversation's tokens; for models of the embedded
 * backend, since Ollama does not tell. Thread-safe.
 */
public final class Tokens {
    private static final int MOST_TOKENS = 10_000_000;

    private final Catalog catalog;
    private final Generations generations;

    public Tokens(Catalog catalog, Generations generations) {
        this.catalog = catalog;
        this.generations = generations;
    }

    private interface Use<T> {
        T of(ModelLease lease);
    }

    private <T> T with(Catalog.Target target, Use<T> use) throws InterruptedException {
        if (!(target.backend() instanceof CandleBackend candle)) {
            throw new HttpFailure(
                    400, "\"" + target.name() + "\" runs on " + target.backend().name() + ", which tells no tokens");
        }
        return generations.inPlace(() -> {
            try (ModelLease lease = candle.open(target.spec(), null)) {
                return use.of(lease);
            } catch (EngineException e) {
                throw new HttpFailure(400, String.valueOf(e.getMessage()), null, null, e);
            }
        });
    }

    /** The tokens of a conversation as the model is given it. */
    public int count(Catalog.Target target, List<ChatMessage> messages) throws InterruptedException {
        return with(target, lease -> lease.prompt(ChatInput.of(messages, false)).tokens().length);
    }

    public void tokenize(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        String content = body.has("content") ? body.string("content") : body.string("prompt");
        if (content == null) {
            throw HttpFailure.wrong("content", "content is required: the text to tokenize");
        }
        boolean addSpecial = body.flag("add_special", true);
        boolean parseSpecial = body.flag("parse_special", true);
        exchange.json(200, with(target, lease -> {
            int[] ids = lease.tokenizer().encode(content, addSpecial, parseSpecial);
            Map<String, @Nullable Object> reply = new LinkedHashMap<>();
            reply.put("model", target.name());
            reply.put("tokens", Arrays.stream(ids).boxed().toList());
            return reply;
        }));
    }

    public void detokenize(Exchange exchange) throws IOException, InterruptedException {
        Body body = Body.of(exchange.body());
        Catalog.Target target = catalog.find(body.string("model"));
        int[] ids = body.integers("tokens", MOST_TOKENS).stream()
                .mapToInt(Integer::intValue)
                .toArray();
        boolean special = body.flag("special", false);
        exchange.json(200, with(target, lease -> {
            Tokenizer tokenizer = lease.tokenizer();
            for (int id : ids) {
                if (id < 0 || id >= tokenizer.vocabularySize()) {
                    throw HttpFailure.wrong(
                            "tokens",
                            "there is no token " + id + "; they run from 0 to " + (tokenizer.vocabularySize() - 1));
                }
            }
            Map<String, @Nullable Object> reply = new LinkedHashMap<>();
            reply.put("model", target.name());
            reply.put("content", tokenizer.decode(ids, special));
            return reply;
        }));
    }
}
