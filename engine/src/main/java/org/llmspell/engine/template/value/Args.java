package org.llmspell.engine.template.value;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a call.
 *
 * @param positional in order
 * @param named by name, in order
 */
public record Args(List<Value> positional, Map<String, Value> named) {
    public static final Args NONE = new Args(List.of(), Map.of());

    /**
     * Matches the arguments with a function's parameters, as Python does.
     *
     * @param required how many of {@code parameters}, from the first, must be given
     * @return one value per parameter, null for those not given
     */
    public @Nullable Value[] bind(String function, int required, String... parameters) {
        if (positional.size() > parameters.length) {
            throw PythonException.typeError(function + "() takes at most " + parameters.length + " arguments ("
                    + positional.size() + " given)");
        }
        @Nullable Value[] values = new Value[parameters.length];
        for (int i = 0; i < positional.size(); i++) {
            values[i] = positional.get(i);
        }
        for (Map.Entry<String, Value> entry : named.entrySet()) {
            int at = List.of(parameters).indexOf(entry.getKey());
            if (at < 0) {
                throw PythonException.typeError(
                        function + "() got an unexpected keyword argument '" + entry.getKey() + "'");
            }
            if (values[at] != null) {
                throw PythonException.typeError(
                        function + "() got multiple values for argument '" + entry.getKey() + "'");
            }
            values[at] = entry.getValue();
        }
        for (int i = 0; i < required; i++) {
            if (values[i] == null) {
                throw PythonException.typeError(function + "() missing required argument '" + parameters[i] + "'");
            }
        }
        return values;
    }

    /** The positional arguments of a function that takes no others. */
    public List<Value> plain(String function, int least, int most) {
        if (!named.isEmpty()) {
            throw PythonException.typeError(function + "() takes no keyword arguments");
        }
        int count = positional.size();
        if (count < least || count > most) {
            throw PythonException.typeError(function + "() takes " + (least == most ? "" : least + " to ") + most
                    + " arguments (" + count + " given)");
        }
        return positional;
    }
}
