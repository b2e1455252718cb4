package org.llmspell.engine.template.jinja;

import org.jspecify.annotations.Nullable;
import org.llmspell.engine.template.text.Casing;
import org.llmspell.engine.template.text.Html;
import org.llmspell.engine.template.value.Args;
import org.llmspell.engine.template.value.Text;
import org.llmspell.engine.template.value.Value;

/** Jinja's filters by name. */
final class Filters {
    /** A filter on the text of a value that takes no arguments. */
    @FunctionalInterface
    private interface OnText {
        Value apply(Text text);
    }

    private Filters() {}

    /** Whether Jinja has a filter of that name that chat templates do not get: it makes web pages, or needs chance. */
    static boolean isRefused(String name) {
        switch (name) {
            case "pprint":
            case "random":
            case "striptags":
            case "urlize":
            case "wordwrap":
            case "xmlattr":
                return true;
            default:
                return false;
        }
    }

    /** The filter {@code name}; null if there is none. */
    static @Nullable Filter find(String name) {
        Filter filter = ofText(name);
        if (filter == null) {
            filter = ofSequence(name);
        }
        return filter != null ? filter : ofValue(name);
    }

    private static @Nullable Filter ofText(String name) {
        switch (name) {
            case "upper":
                return onText(name, Casing::upper);
            case "lower":
                return onText(name, Casing::lower);
            case "capitalize":
                return onText(name, Casing::capitalize);
            case "string":
                return onText(name, text -> text);
            case "safe":
                return onText(name, text -> text.asMarkup(true));
            case "e":
            case "escape":
                return onText(name, Html::escape);
            case "forceescape":
                return onText(name, text -> Html.escape(text.asMarkup(false)));
            case "title":
                return onText(name, TextFilters::title);
            case "wordcount":
                return onText(name, TextFilters::wordCount);
            case "trim":
                return TextFilters::trim;
            case "replace":
                return TextFilters::replace;
            case "indent":
                return TextFilters::indent;
            case "center":
                return TextFilters::center;
            case "truncate":
                return TextFilters::truncate;
            case "format":
                return TextFilters::format;
            case "urlencode":
                return UrlEncoding::filter;
            default:
                return null;
        }
    }

    private static @Nullable Filter ofSequence(String name) {
        switch (name) {
            case "first":
                return SequenceFilters::first;
            case "last":
                return SequenceFilters::last;
            case "count":
            case "length":
                return SequenceFilters::length;
            case "list":
                return SequenceFilters::list;
            case "reverse":
                return SequenceFilters::reverse;
            case "join":
                return SequenceFilters::join;
            case "batch":
                return Chunking::batch;
            case "slice":
                return Chunking::slice;
            case "map":
                return Selection::map;
            case "select":
                return (evaluation, value, args) -> Selection.select(evaluation, value, args, true, false);
            case "reject":
                return (evaluation, value, args) -> Selection.select(evaluation, value, args, false, false);
            case "selectattr":
                return (evaluation, value, args) -> Selection.select(evaluation, value, args, true, true);
            case "rejectattr":
                return (evaluation, value, args) -> Selection.select(evaluation, value, args, false, true);
            case "sort":
                return Sorting::sort;
            case "dictsort":
                return Sorting::dictSort;
            case "groupby":
                return Sorting::groupBy;
            case "unique":
                return Sorting::unique;
            case "min":
                return (evaluation, value, args) -> Sorting.extreme(evaluation, value, args, "<");
            case "max":
                return (evaluation, value, args) -> Sorting.extreme(evaluation, value, args, ">");
            case "sum":
                return Sorting::sum;
            default:
                return null;
        }
    }

    private static @Nullable Filter ofValue(String name) {
        switch (name) {
            case "d":
            case "default":
                return ValueFilters::defaultValue;
            case "attr":
                return ValueFilters::attr;
            case "items":
                return ValueFilters::items;
            case "tojson":
                return ValueFilters::toJson;
            case "abs":
                return NumberFilters::abs;
            case "int":
                return NumberFilters::toInt;
            case "float":
                return NumberFilters::toFloat;
            case "round":
                return NumberFilters::round;
            case "filesizeformat":
                return NumberFilters::fileSize;
            default:
                return null;
        }
    }

    private static Filter onText(String name, OnText filter) {
        return (evaluation, value, args) -> {
            args.plain(name, 0, 0);
            return filter.apply(soft(value));
        };
    }

    /** A value as text, Markup staying Markup. */
    static Text soft(Value value) {
        return value instanceof Text text ? text : value.str();
    }

    /** The argument {@code value}, or {@code fallback} where it was not given. */
    static Value or(@Nullable Value value, Value fallback) {
        return value != null ? value : fallback;
    }

    /** The filter for a name that is only known while rendering. */
    static Value apply(Evaluation evaluation, Value name, Value value, Args args) {
        Filter filter = name instanceof Text text ? find(text.chars()) : null;
        if (filter == null) {
            throw new org.llmspell.engine.template.value.PythonException(
                    org.llmspell.engine.template.value.PythonException.Type.RUNTIME,
                    "No filter named '" + name.str() + "'.");
        }
        evaluation.budget().chargeCopy(value);
        return evaluation.paid(filter.apply(evaluation, value, args));
    }
}
