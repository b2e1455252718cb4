package org.llmspell.engine.template.text;

import java.util.Iterator;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;
import org.llmspell.engine.template.value.Value;

/** {@code str.join}. */
final class Joining {
    private Joining() {}

    static Value join(Text self, Args args) {
        Value parts = args.plain("str.join", 1, 1).get(0);
        Iterator<Value> items = parts.iterate();
        if (items == null) {
            throw PythonException.typeError("can only join an iterable");
        }
        TextBuilder out = new TextBuilder();
        for (int i = 0; items.hasNext(); i++) {
            Value item = items.next();
            if (i > 0) {
                out.append(self);
            }
            if (self.markup()) {
                out.append(Html.escape(item.str().asMarkup(item instanceof Text text && text.markup())));
            } else if (item instanceof Text text) {
                out.append(text);
            } else {
                throw PythonException.typeError(
                        "sequence item " + i + ": expected str instance, " + item.typeName() + " found");
            }
        }
        return out.build().asMarkup(self.markup());
    }
}
