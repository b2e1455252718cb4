package org.llmspell.engine.template;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.text.Json;

/** Plain values as JSON in the form in which templates write it: one line, a space after comma and colon. */
public final class JsonText {
    private static final Json FORM = new Json(false, null, ", ", ": ", false);

    private JsonText() {}

    /**
     * The text of plain values: String, Boolean, Long, Double, List, Map, null.
     *
     * @throws org.llmspell.engine.template.value.PythonException if it is nested too deep
     */
    public static String of(Object value) {
        Map<String, @Nullable Object> context = new HashMap<>();
        context.put("value", value);
        return FORM.write(Objects.requireNonNull(ContextValues.of(context).get("value")))
                .chars();
    }
}
