package org.llmspell.engine.template.text;

import org.llmspell.engine.template.value.Bool;
import org.llmspell.engine.template.value.Characters;

/** The methods of {@code str} that ask about all characters: {@code isalpha}, {@code isdigit}, … */
public final class CharacterTests {
    private CharacterTests() {}

    static boolean exists(String name) {
        switch (name) {
            case "isalnum":
            case "isalpha":
            case "isascii":
            case "isdecimal":
            case "isdigit":
            case "isidentifier":
            case "islower":
            case "isnumeric":
            case "isprintable":
            case "isspace":
            case "istitle":
            case "isupper":
                return true;
            default:
                return false;
        }
    }

    static Bool test(String chars, String name) {
        switch (name) {
            case "islower":
                return Bool.of(isLower(chars));
            case "isupper":
                return Bool.of(isUpper(chars));
            case "istitle":
                return Bool.of(isTitle(chars));
            case "isidentifier":
                return Bool.of(isIdentifier(chars));
            default:
                break;
        }
        if (chars.isEmpty()) {
            return Bool.of("isascii".equals(name) || "isprintable".equals(name));
        }
        return Bool.of(chars.codePoints().allMatch(point -> is(point, name)));
    }

    private static boolean is(int point, String name) {
        switch (name) {
            case "isalnum":
                return Character.isLetter(point) || isNumeric(point);
            case "isalpha":
                return Character.isLetter(point);
            case "isascii":
                return point < 0x80;
            case "isdecimal":
                return Character.isDigit(point);
            case "isdigit":
                return Character.isDigit(point) || isSuperscriptOrCircled(point);
            case "isnumeric":
                return isNumeric(point);
            case "isprintable":
                return Characters.isPrintable(point);
            default:
                return Characters.isSpace(point);
        }
    }

    private static boolean isNumeric(int point) {
        int type = Character.getType(point);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    /** Unicode's Numeric_Type=Digit in the ranges that matter. */
    private static boolean isSuperscriptOrCircled(int point) {
        return point == 0xb2
                || point == 0xb3
                || point == 0xb9
                || point == 0x2070
                || (point >= 0x2074 && point <= 0x2079)
                || (point >= 0x2080 && point <= 0x2089)
                || (point >= 0x2460 && point <= 0x2468);
    }

    /** {@code str.islower}, also the test {@code lower}: some character has a case and none is upper or title case. */
    public static boolean isLower(String chars) {
        return chars.codePoints().anyMatch(Character::isLowerCase)
                && chars.codePoints().noneMatch(point -> Character.isUpperCase(point) || Character.isTitleCase(point));
    }

    /** {@code str.isupper}, also the test {@code upper}. */
    public static boolean isUpper(String chars) {
        return chars.codePoints().anyMatch(Character::isUpperCase)
                && chars.codePoints().noneMatch(point -> Character.isLowerCase(point) || Character.isTitleCase(point));
    }

    private static boolean isTitle(String chars) {
        boolean inWord = false;
        boolean any = false;
        for (int i = 0; i < chars.length(); i += Character.charCount(chars.codePointAt(i))) {
            int point = chars.codePointAt(i);
            boolean capital = Character.isUpperCase(point) || Character.isTitleCase(point);
            if (capital ? inWord : Character.isLowerCase(point) && !inWord) {
                return false;
            }
            inWord = Casing.isCased(point);
            any |= inWord;
        }
        return any;
    }

    private static boolean isIdentifier(String chars) {
        for (int i = 0; i < chars.length(); i += Character.charCount(chars.codePointAt(i))) {
            if (!Characters.isIdentifier(chars.codePointAt(i), i == 0)) {
                return false;
            }
        }
        return !chars.isEmpty();
    }
}
