package org.llmspell.engine.template.text;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.Int;
import org.llmspell.engine.template.value.None;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Real;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/**
 * Python's {@code json.dumps}. The text is foreign as a whole if anything in the value is, since its pieces are quoted
 * and escaped together.
 *
 * @param ascii whether characters beyond ASCII are escaped
 * @param indent what each level is indented by; null for everything on one line
 * @param itemSeparator between items
 * @param keySeparator between key and value
 * @param sortKeys whether keys are sorted
 */
public record Json(
        boolean ascii, @Nullable String indent, String itemSeparator, String keySeparator, boolean sortKeys) {

    public Text write(Value value) {
        Sink out = new Sink(value.foreign());
        write(value, out, 0);
        return out.text.build();
    }

    /** Where the JSON goes, all of one origin. */
    private static final class Sink {
        private final TextBuilder text = new TextBuilder();
        private final boolean foreign;

        Sink(boolean foreign) {
            this.foreign = foreign;
        }

        Sink append(String part) {
            text.append(part, foreign);
            return this;
        }
    }

    private void write(Value value, Sink out, int level) {
        if (value instanceof Text text) {
            quote(text.chars(), out);
        } else if (value instanceof Sequence sequence) {
            list(sequence, out, level);
        } else if (value instanceof Dict dict) {
            dict(dict, out, level);
        } else {
            String scalar = scalar(value);
            if (scalar == null) {
                throw PythonException.typeError("Object of type " + value.typeName() + " is not JSON serializable");
            }
            out.append(scalar);
        }
    }

    private static @Nullable String scalar(Value value) {
        if (value == None.NONE) {
            return "null";
        }
        if (value instanceof Bool bool) {
            return bool.truthy() ? "true" : "false";
        }
        if (value instanceof Int integer) {
            return integer.digits();
        }
        if (value instanceof Real real) {
            double number = real.value();
            if (Double.isNaN(number)) {
                return "NaN";
            }
            return Double.isInfinite(number)
                    ? (number < 0 ? "-Infinity" : "Infinity")
                    : real.str().chars();
        }
        return null;
    }

    private void list(Sequence list, Sink out, int level) {
        if (!list.truthy()) {
            out.append("[]");
            return;
        }
        out.append("[");
        Iterator<Value> items = list.iterate();
        for (boolean first = true; items.hasNext(); first = false) {
            newItem(out, first, level + 1);
            write(items.next(), out, level + 1);
        }
        newLine(out, level);
        out.append("]");
    }

    private void dict(Dict dict, Sink out, int level) {
        if (!dict.truthy()) {
            out.append("{}");
            return;
        }
        List<Map.Entry<Value, Value>> entries = new ArrayList<>(dict.entries().entrySet());
        if (sortKeys) {
            entries.sort((a, b) -> compareKeys(a.getKey(), b.getKey()));
        }
        out.append("{");
        boolean first = true;
        for (Map.Entry<Value, Value> entry : entries) {
            newItem(out, first, level + 1);
            first = false;
            quote(key(entry.getKey()), out);
            out.append(keySeparator);
            write(entry.getValue(), out, level + 1);
        }
        newLine(out, level);
        out.append("}");
    }

    private static int compareKeys(Value a, Value b) {
        if (a instanceof Text left && b instanceof Text right) {
            return Ordering.compare(left.chars(), right.chars());
        }
        return Ordering.compare(a, b);
    }

    private static String key(Value key) {
        if (key instanceof Text text) {
            return text.chars();
        }
        String scalar = scalar(key);
        if (scalar == null) {
            throw PythonException.typeError("keys must be str, int, float, bool or None, not " + key.typeName());
        }
        return scalar;
    }

    private void newItem(Sink out, boolean first, int level) {
        if (!first) {
            out.append(itemSeparator);
        }
        newLine(out, level);
    }

    private void newLine(Sink out, int level) {
        if (indent != null) {
            out.append("\n");
            for (int i = 0; i < level; i++) {
                out.append(indent);
            }
        }
    }

    private void quote(String chars, Sink out) {
        out.append("\"");
        int copied = 0;
        for (int i = 0; i < chars.length(); i++) {
            String escape = escape(chars.charAt(i));
            if (escape != null) {
                out.append(chars.substring(copied, i)).append(escape);
                copied = i + 1;
            }
        }
        out.append(copied == 0 ? chars : chars.substring(copied)).append("\"");
    }

    private @Nullable String escape(char unit) {
        switch (unit) {
            case '"':
                return "\\\"";
            case '\\':
                return "\\\\";
            case '\n':
                return "\\n";
            case '\r':
                return "\\r";
            case '\t':
                return "\\t";
            case '\f':
                return "\\f";
            case '\b':
                return "\\b";
            default:
                boolean plain = unit >= ' ' && (!ascii || unit < 0x7f);
                return plain ? null : "\\u" + hex(unit);
        }
    }

    private static String hex(char unit) {
        String digits = Integer.toHexString(unit);
        return "0".repeat(4 - digits.length()) + digits;
    }
}
