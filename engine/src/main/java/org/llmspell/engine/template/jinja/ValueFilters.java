package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.text.Json;
import org.llmspell.engine.template.text.Padding;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.DictView;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Undefined;
import org.llmspell.engine.template.value.Value;

/** The filters that take values of any type. */
final class ValueFilters {
    private ValueFilters() {}

    static Value defaultValue(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("default", 0, "default_value", "boolean");
        boolean missing = value instanceof Undefined || (given[1] != null && given[1].truthy() && !value.truthy());
        return missing ? Filters.or(given[0], Text.EMPTY) : value;
    }

    static Value attr(Evaluation evaluation, Value value, Args args) {
        Value name = args.plain("attr", 1, 1).get(0);
        if (!(name instanceof Text text)) {
            throw PythonException.typeError("attribute name must be string, not '" + name.typeName() + "'");
        }
        Value found = Attributes.own(value, text.chars());
        return found != null ? found : Undefined.member(value, name);
    }

    /** The pairs of a mapping, made when they are asked for: what is no mapping fails only then. */
    static Value items(Evaluation evaluation, Value value, Args args) {
        args.plain("items", 0, 0);
        return Deferred.generator(value, () -> {
            if (value instanceof Undefined) {
                return Collections.emptyIterator();
            }
            if (value instanceof Dict dict) {
                return new DictView(dict, DictView.Kind.ITEMS).iterate();
            }
            throw PythonException.typeError("Can only get item pairs from a mapping.");
        });
    }

    /** Hugging Face's {@code tojson}, which unlike Jinja's escapes nothing for HTML. */
    static Value toJson(Evaluation evaluation, Value value, Args args) {
        @Nullable Value[] given = args.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        String indent = indent(Filters.or(given[1], None.NONE));
        String itemSeparator = indent == null ? ", " : ",";
        String keySeparator = ": ";
        Value separators = Filters.or(given[2], None.NONE);
        if (separators != None.NONE) {
            List<Value> pair = new ArrayList<>();
            evaluation.iterate(separators).forEachRemaining(pair::add);
            if (pair.size() != 2 || !(pair.get(0) instanceof Text item) || !(pair.get(1) instanceof Text key)) {
                throw PythonException.typeError("separators must be two strings");
            }
            itemSeparator = item.chars();
            keySeparator = key.chars();
        }
        boolean ascii = given[0] != null && given[0].truthy();
        boolean sortKeys = given[3] != null && given[3].truthy();
        evaluation.budget().charge(value.weight());
        return new Json(ascii, indent, itemSeparator, keySeparator, sortKeys).write(value);
    }

    private static @Nullable String indent(Value indent) {
        if (indent == None.NONE) {
            return null;
        }
        if (indent instanceof Text text) {
            return text.chars();
        }
        int width = Padding.integer(indent);
        return " ".repeat(org.llmspell.engine.template.value.Limits.checkedItems(Math.max(0, width)));
    }
}
