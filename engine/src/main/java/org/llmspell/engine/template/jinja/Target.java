package org.llmspell.engine.template.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.llmspell.engine.template.value.PythonException;
import org.llmspell.engine.template.value.Sequence;
import org.llmspell.engine.template.value.Value;

/** What a value can be assigned to. */
sealed interface Target extends Node {
    void assign(Evaluation evaluation, Scope scope, Value value);

    /** The variables that it sets. */
    List<String> names();

    @Override
    default List<Node> children() {
        return List.of();
    }

    /** A variable. */
    record Variable(String name, int line) implements Target {
        @Override
        public void assign(Evaluation evaluation, Scope scope, Value value) {
            scope.set(name, value);
        }

        @Override
        public List<String> names() {
            return List.of(name);
        }
    }

    /** An attribute of a namespace. */
    record Attribute(String namespace, String name, int line) implements Target {
        @Override
        public void assign(Evaluation evaluation, Scope scope, Value value) {
            if (!(evaluation.variable(scope, namespace) instanceof Namespace target)) {
                throw new PythonException(
                        PythonException.Type.RUNTIME, "cannot assign attribute on non-namespace object");
            }
            target.set(name, value);
        }

        @Override
        public List<String> names() {
            return List.of();
        }
    }

    /** Several targets, which share out the items of an iterable. */
    record Unpacking(List<Target> targets, int line) implements Target {
        @Override
        public void assign(Evaluation evaluation, Scope scope, Value value) {
            List<Value> parts = parts(value);
            for (int i = 0; i < parts.size(); i++) {
                targets.get(i).assign(evaluation, scope, parts.get(i));
            }
        }

        private List<Value> parts(Value value) {
            Iterator<Value> items = value.iterate();
            if (items == null) {
                throw PythonException.typeError("cannot unpack non-iterable " + value.typeName() + " object");
            }
            List<Value> parts = new ArrayList<>(targets.size());
            while (items.hasNext()) {
                if (parts.size() == targets.size()) {
                    throw PythonException.valueError("too many values to unpack (expected " + targets.size() + ")");
                }
                parts.add(items.next());
            }
            if (parts.size() < targets.size()) {
                throw PythonException.valueError(
                        "not enough values to unpack (expected " + targets.size() + ", got " + parts.size() + ")");
            }
            return parts;
        }

        /** {@code value} as nested tuples of the form of the targets. */
        Value packed(Value value) {
            List<Value> parts = parts(value);
            for (int i = 0; i < parts.size(); i++) {
                if (targets.get(i) instanceof Unpacking inner) {
                    parts.set(i, inner.packed(parts.get(i)));
                }
            }
            return Sequence.tuple(parts);
        }

        @Override
        public List<String> names() {
            List<String> names = new ArrayList<>();
            targets.forEach(target -> names.addAll(target.names()));
            return names;
        }

        @Override
        public List<Node> children() {
            return List.copyOf(targets);
        }
    }
}
