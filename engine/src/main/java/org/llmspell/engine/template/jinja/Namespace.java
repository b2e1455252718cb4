package org.llmspell.engine.template.jinja;

import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Opaque;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/** Jinja's {@code namespace}, the one object whose attributes a template can set. */
final class Namespace extends Opaque {
    private final LinkedHashMap<Value, Value> attributes;

    Namespace(LinkedHashMap<Value, Value> attributes) {
        this.attributes = attributes;
    }

    void set(String name, Value value) {
        attributes.put(Text.own(name), value);
    }

    @Override
    public @Nullable Value attribute(String name) {
        return attributes.get(Text.own(name));
    }

    @Override
    public String typeName() {
        return "Namespace";
    }

    @Override
    public String description() {
        return "jinja2.utils.Namespace object";
    }

    /** Without the attributes, which may hold the namespace itself. */
    @Override
    public void repr(TextBuilder out) {
        out.append("<Namespace>");
    }
}
