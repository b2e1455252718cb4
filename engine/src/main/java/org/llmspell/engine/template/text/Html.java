package org.llmspell.engine.template.text;

import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.TextBuilder;

/** MarkupSafe's escaping. */
public final class Html {
    private Html() {}

    /** {@code text} as Markup: as it is if it is Markup already, else escaped. */
    public static Text escape(Text text) {
        if (text.markup()) {
            return text;
        }
        String chars = text.chars();
        TextBuilder out = new TextBuilder();
        int copied = 0;
        for (int i = 0; i < chars.length(); i++) {
            String entity = entity(chars.charAt(i));
            if (!entity.isEmpty()) {
                out.append(text, copied, i).append(entity, text.foreignAt(i));
                copied = i + 1;
            }
        }
        return (copied == 0 ? text : out.append(text, copied, chars.length()).build()).asMarkup(true);
    }

    private static String entity(char unit) {
        switch (unit) {
            case '&':
                return "&amp;";
            case '<':
                return "&lt;";
            case '>':
                return "&gt;";
            case '"':
                return "&#34;";
            case '\'':
                return "&#39;";
            default:
                return "";
        }
    }
}
