package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.text.Casing;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/**
 * What filters look up in every item by an attribute such as {@code "address.city"} or {@code "tags.0"}.
 *
 * @param parts the keys, one after the other; none for the item itself
 * @param fallback stands in for what is undefined; null for nothing
 * @param ignoreCase whether texts are made lower case
 */
record Lookup(List<Value> parts, @Nullable Value fallback, boolean ignoreCase) {
    /** A lookup of a text, or a single key of another type; None for the item itself. */
    static Lookup of(Value attribute, @Nullable Value fallback, boolean ignoreCase) {
        List<Value> parts = new ArrayList<>();
        if (attribute instanceof Text text) {
            addParts(text.chars(), parts);
        } else if (attribute != None.NONE) {
            parts.add(attribute);
        }
        return new Lookup(parts, fallback == None.NONE ? null : fallback, ignoreCase);
    }

    /** One lookup for each of the attributes between commas. */
    static List<Lookup> several(Value attribute, boolean ignoreCase) {
        if (!(attribute instanceof Text text)) {
            return List.of(of(attribute, null, ignoreCase));
        }
        List<Lookup> lookups = new ArrayList<>();
        for (String one : text.chars().split(",", -1)) {
            lookups.add(of(Text.own(one), null, ignoreCase));
        }
        return lookups;
    }

    private static void addParts(String attribute, List<Value> parts) {
        for (String part : attribute.split("\\.", -1)) {
            boolean number =
                    !part.isEmpty() && part.length() < 10 && part.chars().allMatch(Character::isDigit);
            parts.add(number ? Int.of(Integer.parseInt(part)) : Text.own(part));
        }
    }

    Value apply(Value item) {
        Value found = item;
        for (Value part : parts) {
            found = Attributes.item(found, part);
            if (fallback != null && found instanceof Undefined) {
                found = fallback;
            }
        }
        return ignoreCase && found instanceof Text text ? Casing.lower(text) : found;
    }
}
