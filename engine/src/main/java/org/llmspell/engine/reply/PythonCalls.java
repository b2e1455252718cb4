package org.llmspell.engine.reply;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.reply.CallSyntax.Written;

/** Reads calls with named arguments as Python writes them, in a list, in {@code print(…)} or one after the other. */
final class PythonCalls {
    private PythonCalls() {}

    /** The calls of {@code body} from {@code from} on; empty if it holds anything else. */
    static List<Written> read(String body, int from) {
        LiteralReader reader = new LiteralReader(body, from);
        List<Written> calls = new ArrayList<>();
        try {
            boolean list = reader.accept("[");
            reader.skipSpace();
            while (!reader.atEnd() && !reader.accept("```")) {
                if (list && reader.accept("]")) {
                    list = false;
                } else {
                    calls.add(call(reader));
                }
                reader.skipSpace();
                if (reader.accept(",") || reader.accept(";")) {
                    reader.skipSpace();
                }
            }
            reader.skipSpace();
            return list || !reader.atEnd() ? List.of() : calls;
        } catch (LiteralReader.Malformed e) {
            return List.of();
        }
    }

    private static Written call(LiteralReader reader) throws LiteralReader.Malformed {
        boolean printed = reader.accept("print(");
        reader.skipSpace();
        String name = reader.name();
        if (name.isEmpty() || !reader.accept("(")) {
            throw new LiteralReader.Malformed();
        }
        Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
        reader.skipSpace();
        while (!reader.accept(")")) {
            String key = reader.name();
            reader.skipSpace();
            if (key.isEmpty() || !reader.accept("=")) {
                throw new LiteralReader.Malformed();
            }
            arguments.put(key, reader.value());
            reader.separator(")");
        }
        if (printed) {
            reader.skipSpace();
            if (!reader.accept(")")) {
                throw new LiteralReader.Malformed();
            }
        }
        return new Written(null, name, arguments);
    }
}
