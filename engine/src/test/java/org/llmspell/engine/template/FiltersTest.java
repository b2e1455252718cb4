package org.llmspell.engine.template;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Jinja's filters and tests against what jinja2 3.1.6 gives. */
class FiltersTest {
    @TestFactory
    Stream<DynamicTest> defaultsStandInForWhatIsMissing() {
        return Samples.renders("""
            undefined1|default('q') → q
            n|default('q') → None
            n|default('q',true) → q
            es|d('x',true) → x
            """);
    }

    @TestFactory
    Stream<DynamicTest> sequencesAreSortedSelectedAndMapped() {
        return Samples.renders("""
            l|sort → [1, 2, 3]
            ls|sort → ['A', 'a', 'b', 'c']
            ls|sort(case_sensitive=true) → ['A', 'a', 'b', 'c']
            ls|sort(reverse=true) → ['c', 'b', 'A', 'a']
            ld|sort(attribute='v')|map(attribute='n')|join → yxz
            ld|map(attribute='n')|list → ['x', 'y', 'z']
            ld|map(attribute='q',default='D')|list → ['D', 'D', 'D']
            ls|map('upper')|join(',') → B,A,C,A
            ls|unique|list → ['b', 'A', 'c']
            [1,1.0,true,2]|unique|list → [1, 2]
            l|min → 1
            l|max → 3
            ls|min → A
            ls|max → c
            l|first → 3
            l|last → 2
            l|sum → 6
            ld|sum(attribute='v') → 6
            l|sum(start=10) → 16
            l|reverse|list → [2, 1, 3]
            s|reverse → dlroW olleH
            l|list → [3, 1, 2]
            s|list → ['H', 'e', 'l', 'l', 'o', ' ', 'W', 'o', 'r', 'l', 'd']
            d|list → ['b', 'a', 'Z']
            l|join(', ') → 3, 1, 2
            l|length → 3
            l|batch(2)|list → [[3, 1], [2]]
            l|batch(2,'f')|list → [[3, 1], [2, 'f']]
            l|slice(2)|list → [[3, 1], [2]]
            l|slice(2,'f')|list → [[3, 1], [2, 'f']]
            range(10)|slice(3)|list → [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]
            range(5) → range(0, 5)
            range(1,10,3) → range(1, 10, 3)
            range(5,0,-1)|list → [5, 4, 3, 2, 1]
            range(0)|list → []
            range(10)[2:5] → range(2, 5)
            range(10)[2] → 2
            range(3)==range(0,3,1) → True
            [1,2,3]|map('string')|join('+') → 1+2+3
            ['a','b']|map('replace','a','c')|list → ['c', 'b']
            [[1,2],[3]]|map('first')|list → [1, 3]
            [[1,2],[3]]|map('length')|list|sum → 3
            [1.5,2.5]|map('round')|list → [2.0, 2.0]
            ['1','2']|map('int')|sum → 3
            [d]|map(attribute='a')|map('last')|list → [{'k': 'v'}]
            ld|map(attribute='v')|map('string')|map('upper')|join → 213
            """);
    }

    @TestFactory
    Stream<DynamicTest> groupsAndDictsAreSorted() {
        return Samples.renders("""
            ld|groupby('g')|map('first')|list → ['A', 'b']
            ld|groupby('g',case_sensitive=true)|map(attribute='grouper')|list → ['A', 'a', 'b']
            (ld|groupby('g'))[0].list → [{'n': 'x', 'v': 2, 'g': 'A'}, {'n': 'z', 'v': 3, 'g': 'a'}]
            ld|selectattr('v','gt',1)|map(attribute='n')|list → ['x', 'z']
            ld|rejectattr('v','eq',1)|list|length → 2
            l|select('odd')|list → [3, 1]
            l|reject('odd')|list → [2]
            l|select|list → [3, 1, 2]
            [0,1,none,'']|select|list → [1]
            [0,1]|reject|list → [0]
            ld|selectattr('n')|list|length → 3
            d|dictsort → [('a', [1, {'k': 'v'}]), ('b', 1), ('Z', None)]
            d|dictsort(true) → [('Z', None), ('a', [1, {'k': 'v'}]), ('b', 1)]
            {'b':1,'A':2}|dictsort → [('A', 2), ('b', 1)]
            {'b':1,'A':2}|dictsort(by='value') → [('b', 1), ('A', 2)]
            {'b':1,'A':2}|dictsort(reverse=true) → [('b', 1), ('A', 2)]
            {'b':1,'A':2}|dictsort(true) → [('A', 2), ('b', 1)]
            {'a':1}|items|list → [('a', 1)]
            {1:'a',true:'b',1.0:'c'} → {1: 'c'}
            {none:1} → {None: 1}
            {'x':{'y':{'z':[]}}} → {'x': {'y': {'z': []}}}
            {'a':1}=={'a':1.0} → True
            {'a':1,'b':2}=={'b':2,'a':1} → True
            {1:2}.keys()=={1:3}.keys() → True
            {1:2}.items()=={1:2}.items() → True
            [1,[2,[3,(4,)]]] → [1, [2, [3, (4,)]]]
            [1,2]==(1,2) → False
            ''==none → False
            0==false → True
            0==none → False
            ''==false → False
            []==[] → True
            [nan1]==[nan1] → True
            'a'=='a' → True
            'a'!='b' → True
            1!=1.0 → False
            """);
    }

    @TestFactory
    Stream<DynamicTest> jsonIsThatOfPython() {
        return Samples.renders("""
            d|tojson → {"b": 1, "a": [1, {"k": "v"}], "Z": null}
            l|tojson(separators=(',',':')) → [3,1,2]
            d|tojson(sort_keys=true) → {"Z": null, "a": [1, {"k": "v"}], "b": 1}
            {1:2,none:3,true:4,1.5:5}|tojson → {"1": 4, "null": 3, "1.5": 5}
            e|tojson → []
            ed|tojson(indent=4) → {}
            n|tojson → null
            1e20|tojson → 1e+20
            (1,2)|tojson → [1, 2]
            """);
    }

    @TestFactory
    Stream<DynamicTest> markupEscapesWhatIsAddedToIt() {
        return Samples.renders("""
            html|escape → &lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;
            html|e|upper → &LT;A HREF=&#39;X&#39;&GT;&AMP;&#34;&LT;/A&GT;
            html|safe → <a href='x'>&"</a>
            html|safe+'<' → <a href='x'>&"</a>&lt;
            '<'+(html|safe) → &lt;<a href='x'>&"</a>
            (html|e)+'<' → &lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;&lt;
            html|forceescape → &lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;
            html|e|e → &lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;
            (html|safe)|replace('<','>') → >a href='x'>&">/a>
            (html|safe).replace('a','<') → <&lt; href='x'>&"</&lt;>
            (html|safe)[1:4]~'<' → a h<
            (html|safe)*2 → <a href='x'>&"</a><a href='x'>&"</a>
            ('%s'|safe)|format('<') → &lt;
            ('{}'|safe).format('<') → &lt;
            (','|safe).join(['<','>']) → &lt;,&gt;
            [html|safe,'<']|join → <a href='x'>&"</a><
            html|safe|string → <a href='x'>&"</a>
            html|safe|trim+'<' → <a href='x'>&"</a>&lt;
            html|e is escaped → True
            html is escaped → False
            html|safe|length → 18
            html|e|title → &lt;a Href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;
            html|e|indent → &lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;
            '%s' % html|safe → <a href='x'>&"</a>
            ('%s'|safe) % html → &lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;
            'a'|safe~'<' → a<
            ['a'|safe]|tojson → ["a"]
            'a'|safe == 'a' → True
            'a'|safe in ['a'] → True
            {'a'|safe:1}.a → 1
            'b'|safe > 'a' → True
            ('a'|safe).upper() is escaped → True
            ('a,b'|safe).split(',')[0] is escaped → True
            'a'|safe is string → True
            ('<'|e).join(['>','<'|safe]) → &gt;&lt;<
            ('<'|safe)|string is escaped → True
            ('<'|safe)|upper is escaped → True
            ('<'|safe)|lower|e → <
            ('<'|safe) is lower → False
            """);
    }

    @TestFactory
    Stream<DynamicTest> urlsAreEncoded() {
        return Samples.renders("""
            'a b/c?é&=+'|urlencode → a%20b/c%3F%C3%A9%26%3D%2B
            {'a b':'c/d','é':1}|urlencode → a+b=c%2Fd&%C3%A9=1
            [('a','b')]|urlencode → a=b
            i|urlencode → 42
            """);
    }

    @TestFactory
    Stream<DynamicTest> testsAnswerAsInPython() {
        return Samples.renders("""
            s is string → True
            i is number → True
            x is float → True
            i is integer → True
            t is integer → False
            t is boolean → True
            n is none → True
            d is mapping → True
            l is sequence → True
            s is sequence → True
            i is iterable → False
            l is iterable → True
            range(3) is sequence → True
            range is callable → True
            s is callable → False
            undefined1 is defined → False
            undefined1 is undefined → True
            undefined1 is callable → True
            undefined1 is iterable → True
            3 is odd → True
            4 is even → True
            6 is divisibleby(3) → True
            6 is divisibleby 4 → False
            s is lower → False
            'a' is lower → True
            'A' is upper → True
            n is sameas(none) → True
            t is sameas(true) → True
            i is sameas(42) → True
            'upper' is filter → True
            'odd' is test → True
            'zz' is filter → False
            1 is in([1]) → True
            1 is eq(1) → True
            1 is not eq(2) → True
            2 is ge(2) → True
            'a' is lt('b') → True
            t is true → True
            f is false → True
            t is not false → True
            n is not none → False
            i is not string → True
            d.items() is iterable → True
            d.items() is sequence → False
            d.items() is mapping → False
            l|map('upper') is iterable → True
            s is not in('abc') → True
            'abc' is string and 'b' in 'abc' → True
            1 is defined and 2 → 2
            l is defined or x → True
            l[0] is number → True
            i is divisibleby 2 and t → True
            t is sameas true → True
            i is eq 42 → True
            i==42 is true → False
            [1,2]|length is eq 2 → True
            not i is string → True
            """);
    }

    @TestFactory
    Stream<DynamicTest> misuseFailsAsInPython() {
        return Samples.fails("""
            s|foo → No filter named 'foo'.
            l is foo → No test named 'foo'.
            i|join → 'int' object is not iterable
            n|list → 'NoneType' object is not iterable
            l|map|list → map requires a filter argument
            l|map('nope')|list → No filter named 'nope'.
            l|select('nope')|list → No test named 'nope'.
            l|selectattr|list → Missing parameter for attribute name
            ld|map(attribute='v',zz=1)|list → Unexpected keyword argument 'zz'
            i|length → object of type 'int' has no len()
            n|length → object of type 'NoneType' has no len()
            t|length → object of type 'bool' has no len()
            l|slice(0)|list → integer division or modulo by zero
            [1,'a']|sort → '<' not supported between instances of 'str' and 'int'
            [none,1]|sort → '<' not supported between instances of 'int' and 'NoneType'
            l|sum(attribute='x') → 'int object' has no attribute 'x'
            ls|sum → unsupported operand type(s) for +: 'int' and 'str'
            ['a']|sum(start='') → sum() can't sum strings [use ''.join(seq) instead]
            i|items|list → Can only get item pairs from a mapping.
            l|dictsort → 'list' object has no attribute 'items'
            n|dictsort → 'NoneType' object has no attribute 'items'
            d|dictsort(by='x') → You can only sort by either "key" or "value"
            i|round('a') → 'str' object cannot be interpreted as an integer
            s|round → type str doesn't define __round__ method
            s|abs → bad operand type for abs(): 'str'
            n|round → type NoneType doesn't define __round__ method
            s|round(1,'x') → method must be common, ceil or floor
            [[1],[1]]|unique|list → unhashable type: 'list'
            ld|map(attribute='a.b.c')|list → 'dict object' has no attribute 'a'
            1+('a'|safe) → unsupported operand type(s) for +: 'int' and 'Markup'
            ('x'|safe).center(5,'<') → The fill character must be exactly one character long
            """);
    }
}
