package org.llmspell.engine.template.jinja;

import org.llmspell.engine.template.value.Value;

/**
 * A piece of template source.
 *
 * @param text a name, an operator or template data; empty for the others
 * @param literal the value of a literal; None for the others
 * @param line 1-based
 */
record Token(Kind kind, String text, Value literal, int line) {
    enum Kind {
        DATA("template data / text"),
        BLOCK_BEGIN("begin of statement block"),
        BLOCK_END("end of statement block"),
        VARIABLE_BEGIN("begin of print statement"),
        VARIABLE_END("end of print statement"),
        NAME("name"),
        LITERAL("literal"),
        STRING("string"),
        OPERATOR("operator"),
        EOF("end of template");

        private final String description;

        Kind(String description) {
            this.description = description;
        }
    }

    boolean isName(String name) {
        return kind == Kind.NAME && text.equals(name);
    }

    boolean isOperator(String operator) {
        return kind == Kind.OPERATOR && text.equals(operator);
    }

    /** For error messages. */
    String description() {
        return kind == Kind.NAME || kind == Kind.OPERATOR ? text : kind.description;
    }
}
