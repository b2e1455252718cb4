package org.llmspell.engine.template.value;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's indexing: negative indices count from the end, slices clip. */
public final class Slices {
    /** Which items of a sequence a slice takes: {@code count} from {@code start} on, {@code step} apart, before {@code stop}. */
    private record Selection(int start, int stop, int step, int count) {}

    private Slices() {}

    /** The position that {@code key} means in a sequence; −1 if it is none of them or no integer. */
    public static int index(Value key, int length) {
        Int index = integer(key);
        if (index == null || !index.isSmall()) {
            return -1;
        }
        long at = index.small() < 0 ? index.small() + length : index.small();
        return at >= 0 && at < length ? (int) at : -1;
    }

    /** {@code value[start:stop:step]}. */
    public static Value slice(Value value, Value start, Value stop, Value step) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (value instanceof Text text) {
            return slice(text, select(text.length(), start, stop, step));
        }
        if (value instanceof Sequence sequence) {
            Selection selection = select(sequence.length(), start, stop, step);
            if (selection.step == 1 && selection.count > 0) {
                // A copy: views of views of views would be as deep as a template likes.
                return sequence.same(
                        new ArrayList<>(sequence.items().subList(selection.start, selection.start + selection.count)));
            }
            List<Value> items = new ArrayList<>(selection.count);
            for (int i = 0; i < selection.count; i++) {
                items.add(sequence.items().get(selection.start + i * selection.step));
            }
            return sequence.same(items);
        }
        if (value instanceof Range range) {
            Selection selection = select(range.length(), start, stop, step);
            return range.selected(selection.start, selection.stop, selection.step, selection.count);
        }
        if (value instanceof Dict) {
            throw PythonException.typeError("unhashable type: 'slice'");
        }
        throw PythonException.typeError("'" + value.typeName() + "' object is not subscriptable");
    }

    private static Text slice(Text text, Selection selection) {
        if (selection.count == 0) {
            return Text.EMPTY.asMarkup(text.markup());
        }
        if (selection.step == 1) {
            return text.substring(text.offset(selection.start), text.offset(selection.start + selection.count));
        }
        if (!text.isMixed() && text.length() == text.chars().length()) {
            StringBuilder picked = new StringBuilder(selection.count);
            for (int i = 0; i < selection.count; i++) {
                picked.append(text.chars().charAt(selection.start + i * selection.step));
            }
            return Text.of(picked.toString(), text.foreign()).asMarkup(text.markup());
        }
        TextBuilder out = new TextBuilder();
        int[] offsets = text.length() == text.chars().length() ? null : offsets(text);
        for (int i = 0; i < selection.count; i++) {
            int at = selection.start + i * selection.step;
            int from = offsets == null ? at : offsets[at];
            out.append(text, from, from + Character.charCount(text.chars().codePointAt(from)));
        }
        return out.build().asMarkup(text.markup());
    }

    private static int[] offsets(Text text) {
        int[] offsets = new int[text.length()];
        int at = 0;
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = at;
            at += Character.charCount(text.chars().codePointAt(at));
        }
        return offsets;
    }

    /** CPython's PySlice_AdjustIndices. */
    private static Selection select(int length, Value start, Value stop, Value step) {
        int by = step == None.NONE ? 1 : bound(step);
        if (by == 0) {
            throw PythonException.valueError("slice step cannot be zero");
        }
        long low = by < 0 ? -1 : 0;
        long high = by < 0 ? length - 1L : length;
        long from = start == None.NONE ? (by < 0 ? high : low) : clip(bound(start), length, low, high);
        long to = stop == None.NONE ? (by < 0 ? low : high) : clip(bound(stop), length, low, high);
        long count = by < 0 ? (from - to - by - 1L) / -(long) by : (to - from + by - 1L) / by;
        return new Selection((int) from, (int) to, by, (int) Math.max(0, count));
    }

    private static long clip(long bound, int length, long low, long high) {
        return Math.clamp(bound < 0 ? bound + length : bound, low, high);
    }

    private static int bound(Value value) {
        Int bound = integer(value);
        if (bound == null) {
            throw PythonException.typeError("slice indices must be integers or None or have an __index__ method");
        }
        return bound.clamped();
    }

    private static @Nullable Int integer(Value key) {
        if (key instanceof Int integer) {
            return integer;
        }
        return key instanceof Bool bool ? bool.toInt() : null;
    }
}
