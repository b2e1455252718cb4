package org.llmspell.engine.template;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Operators, lookups and conditions against what jinja2 3.1.6 gives. */
class ExpressionsTest {
    @TestFactory
    Stream<DynamicTest> containersAreAddedAndCompared() {
        return Samples.renders("""
            l+[1] → [3, 1, 2, 1]
            (1,2)+(3,) → (1, 2, 3)
            l*2 → [3, 1, 2, 3, 1, 2]
            'ab'*3 → ababab
            3*'ab' → ababab
            [1]*0 → []
            (1,) → (1,)
            () → ()
            (1) → 1
            [] → []
            {} → {}
            {'a':1,'b':[1,2]} → {'a': 1, 'b': [1, 2]}
            s~1~none~1.5~l → Hello World1None1.5[3, 1, 2]
            'a'+'b' → ab
            l==[3,1,2] → True
            1==1.0 → True
            1==true → True
            'a'<'b' → True
            [1,2]<[1,3] → True
            (1,2)<(1,) → False
            1<2<3 → True
            1<3<2 → False
            'a' in 'abc' → True
            1 in l → True
            'b' in d → True
            2 → 2
            none==none → True
            n==undefined1 → False
            undefined1==undefined2 → True
            """);
    }

    @TestFactory
    Stream<DynamicTest> conditionsChoose() {
        return Samples.renders("""
            i if t else 5 → 42
            i if f else none → None
            (i if f) is defined → False
            1 if 0 else 2 if 0 else 3 → 3
            not t → False
            not not t → True
            t and 5 → 5
            es or 'x' → x
            n and 1 → None
            0 or none → None
            t and not f → True
            1 and 0 or 2 → 2
            not 1==2 → True
            """);
    }

    @TestFactory
    Stream<DynamicTest> viewsAndFunctionsWork() {
        return Samples.renders("""
            dict(a=1) → {'a': 1}
            dict([('a',1)]) → {'a': 1}
            dict(d,b=5).b → 5
            dict() → {}
            namespace(a=1).a → 1
            namespace({'q':1}).q → 1
            cycler('a','b').next() → a
            d.items()|list|first → ('b', 1)
            d.items() → dict_items([('b', 1), ('a', [1, {'k': 'v'}]), ('Z', None)])
            d.keys() → dict_keys(['b', 'a', 'Z'])
            d.values() → dict_values([1, [1, {'k': 'v'}], None])
            d|length → 3
            d|first → b
            d|last → Z
            d|join → baZ
            d|string → {'b': 1, 'a': [1, {'k': 'v'}], 'Z': None}
            l|string → [3, 1, 2]
            t|string → True
            n|string → None
            x|string → 2.5
            d|upper → {'B': 1, 'A': [1, {'K': 'V'}], 'Z': NONE}
            l.index(1) → 1
            l.count(1) → 1
            (1,2).index(2) → 1
            d.copy() → {'b': 1, 'a': [1, {'k': 'v'}], 'Z': None}
            l.copy() → [3, 1, 2]
            d.fromkeys([1,2],0) → {1: 0, 2: 0}
            s['upper']() → HELLO WORLD
            """);
    }

    @TestFactory
    Stream<DynamicTest> slicesClip() {
        return Samples.renders("""
            (1,2,3)[::-1] → (3, 2, 1)
            ()|length → 0
            (1,(2,3))|tojson → [1, [2, 3]]
            [1,2,3][-2:] → [2, 3]
            l[true] → 1
            range(5)[::-1] → range(4, -1, -1)
            range(5)[::2]|list → [0, 2, 4]
            d.items()|list|last|list → ['Z', None]
            """);
    }

    @TestFactory
    Stream<DynamicTest> undefinedValuesAreLenientUntilUsed() {
        return Samples.renders("""
            undefined1~1 → 1
            undefined1|length → 0
            undefined1|list → []
            undefined1 in l → False
            'a' in undefined1 → False
            undefined1 or 5 → 5
            t.x is defined → False
            n.x is defined → False
            d.q|default(d.b) → 1
            s.q is defined → False
            """);
    }

    @TestFactory
    Stream<DynamicTest> misuseFailsAsInPython() {
        return Samples.fails("""
            not in l → expected token 'end of print statement', got 'l'
            l.append(1) → access to attribute 'append' of 'list' object is unsafe.
            l.pop() → access to attribute 'pop' of 'list' object is unsafe.
            d.update({}) → access to attribute 'update' of 'dict' object is unsafe.
            d.pop('b') → access to attribute 'pop' of 'dict' object is unsafe.
            l.sort() → access to attribute 'sort' of 'list' object is unsafe.
            s.__class__.__mro__ → access to attribute '__class__' of 'str' object is unsafe.
            undefined1.__foo__ → 'undefined1' is undefined
            '{0.__class__.__mro__}'.format(1) → access to attribute '__class__' of 'int' object is unsafe.
            [1,2,3][::0] → slice step cannot be zero
            l[:'a'] → slice indices must be integers or None or have an __index__ method
            d[1:2] → unhashable type: 'slice'
            n[1:] → 'NoneType' object is not subscriptable
            i[1:] → 'int' object is not subscriptable
            loop.index → 'loop' is undefined
            d.q.r|default('z') → 'dict object' has no attribute 'q'
            """);
    }
}
