package org.llmspell.engine.template.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Function;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.Opaque;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Value;

/** Jinja's {@code cycler}, which gives its items over and over. */
final class Cycler extends Opaque {
    private final List<Value> items;
    private int at;

    Cycler(Args args) {
        this.items = args.plain("cycler", 0, Integer.MAX_VALUE);
        if (items.isEmpty()) {
            throw new PythonException(PythonException.Type.RUNTIME, "at least one item has to be provided");
        }
    }

    @Override
    public @Nullable Value attribute(String name) {
        switch (name) {
            case "current":
                return items.get(at);
            case "next":
                return new Function(name, args -> {
                    Value current = items.get(at);
                    at = (at + 1) % items.size();
                    return current;
                });
            case "reset":
                return new Function(name, args -> {
                    at = 0;
                    return None.NONE;
                });
            default:
                return null;
        }
    }

    @Override
    public String typeName() {
        return "Cycler";
    }

    @Override
    public String description() {
        return "jinja2.utils.Cycler object";
    }
}
