package org.llmspell.engine.tokenizer.split;

/** The classes of characters that tokenizers tell apart, as this JDK's Unicode tables have them. */
public final class CharacterClasses {
    private static final int CONTROLS =
            CodePointSet.bits(Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE, Character.SURROGATE);

    private CharacterClasses() {}

    /** Unicode's White_Space property, which {@code \s} means to the regex engines that vocabularies are trained with. */
    public static boolean isWhitespace(int codePoint) {
        return switch (codePoint) {
            case 0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000 -> true;
            default -> (codePoint >= 0x09 && codePoint <= 0x0D) || (codePoint >= 0x2000 && codePoint <= 0x200A);
        };
    }

    /** {@code \p{C}} but for code points that mean nothing yet. */
    public static boolean isControl(int codePoint) {
        return in(CONTROLS, codePoint);
    }

    /** {@code \p{M}}: accents and other characters that combine with the one before. */
    public static boolean isMark(int codePoint) {
        return in(CodePointSet.MARKS, codePoint);
    }

    /** {@code \p{P}}. */
    public static boolean isPunctuation(int codePoint) {
        return in(CodePointSet.PUNCTUATION, codePoint);
    }

    private static boolean in(int categories, int codePoint) {
        return (categories >>> Character.getType(codePoint) & 1) != 0;
    }
}
