package org.llmspell.engine.template.jinja;

import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Dict;
import org.llmspell.engine.template.value.DictView;
import org.llmspell.engine.template.value.Limits;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/** The filter {@code urlencode}: percent-encoding in UTF-8 by RFC 3986, as Python's {@code urllib.parse.quote}. */
final class UrlEncoding {
    private UrlEncoding() {}

    static Value filter(Evaluation evaluation, Value value, Args args) {
        args.plain("urlencode", 0, 0);
        if (value instanceof Text || value.iterate() == null) {
            return quote(value.str(), false);
        }
        Iterator<Value> pairs =
                evaluation.iterate(value instanceof Dict dict ? new DictView(dict, DictView.Kind.ITEMS) : value);
        TextBuilder out = new TextBuilder();
        while (pairs.hasNext()) {
            List<Value> pair = new java.util.ArrayList<>();
            evaluation.iterate(pairs.next()).forEachRemaining(pair::add);
            if (pair.size() != 2) {
                throw PythonException.valueError("urlencode needs pairs of key and value");
            }
            if (out.length() > 0) {
                out.append("&");
            }
            out.append(quote(pair.get(0).str(), true))
                    .append("=")
                    .append(quote(pair.get(1).str(), true));
        }
        return out.build();
    }

    private static Text quote(Text text, boolean query) {
        StringBuilder out = new StringBuilder();
        for (byte unit : text.chars().getBytes(StandardCharsets.UTF_8)) {
            char ascii = (char) (unit & 0xff);
            if (ascii < 0x80 && (Character.isLetterOrDigit(ascii) || "_.-~".indexOf(ascii) >= 0)
                    || ascii == '/' && !query) {
                out.append(ascii);
            } else if (ascii == ' ' && query) {
                out.append('+');
            } else {
                out.append('%')
                        .append(Character.toUpperCase(Character.forDigit(ascii >> 4, 16)))
                        .append(Character.toUpperCase(Character.forDigit(ascii & 15, 16)));
            }
        }
        Limits.checkedText(out.length());
        return Text.of(out.toString(), text.foreign());
    }
}
