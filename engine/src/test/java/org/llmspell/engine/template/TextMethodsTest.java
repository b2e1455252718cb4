package org.llmspell.engine.template;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The methods of strings against what Python 3.11 gives. */
class TextMethodsTest {
    @TestFactory
    Stream<DynamicTest> changeCaseAsPythonDoes() {
        return Samples.renders("""
            s → Hello World
            s.upper() → HELLO WORLD
            s|upper → HELLO WORLD
            s.swapcase() → hELLO wORLD
            s|capitalize → Hello world
            'ßa'.capitalize() → Ssa
            'ǆa'.title() → ǅa
            '"' → "
            "'" → '
            u|wordcount → 3
            "it's"|title → It's
            'foo-bar (baz) [q] <r> {s} a_b'|title → Foo-Bar (Baz) [Q] <R> {S} A_b
            'FOO bAR'|title → Foo Bar
            'hello wORLD'|capitalize → Hello world
            'x'|e → x
            'İ'|capitalize → İ
            'ŉa'|title → ʼNa
            """);
    }

    @TestFactory
    Stream<DynamicTest> sliceAndIndexAsPythonDoes() {
        return Samples.renders("""
            u.strip() → Ünïcödé ß 🦙 x
            u|trim → Ünïcödé ß 🦙 x
            u|length → 16
            u[5:9] → cödé
            s[::2] → HloWrd
            s[10:2:-3] → doo
            s[-100:3] → Hel
            l[-1] → 2
            d['b'] → 1
            d.b → 1
            d.items() → dict_items([('b', 1), ('a', [1, {'k': 'v'}]), ('Z', None)])
            d.keys()|list → ['b', 'a', 'Z']
            d.values()|list → [1, [1, {'k': 'v'}], None]
            d|items|list → [('b', 1), ('a', [1, {'k': 'v'}]), ('Z', None)]
            d.a[1].k → v
            d.get('q') → None
            d.get('q',5) → 5
            d.get('b') → 1
            """);
    }

    @TestFactory
    Stream<DynamicTest> splitAsPythonDoes() {
        return Samples.renders("""
            s.split() → ['Hello', 'World']
            s.split('o') → ['Hell', ' W', 'rld']
            s.split('o',1) → ['Hell', ' World']
            s.rsplit('o',1) → ['Hello W', 'rld']
            u.split() → ['Ünïcödé', 'ß', '🦙', 'x']
            ' a b  c '.split(none,1) → ['a', 'b  c ']
            ' a b  c '.rsplit(none,1) → [' a b', 'c']
            ''.split() → []
            ''.split('x') → ['']
            'a,b,,c'.split(',') → ['a', 'b', '', 'c']
            'aXbX'.rsplit('X') → ['a', 'b', '']
            s.partition(' ') → ('Hello', ' ', 'World')
            s.rpartition('o') → ('Hello W', 'o', 'rld')
            s.partition('q') → ('Hello World', '', '')
            s.rpartition('q') → ('', '', 'Hello World')
            s.split(sep='l',maxsplit=1) → ['He', 'lo World']
            'aaa'.split('aa') → ['', 'a']
            'aaa'.rsplit('aa') → ['a', '']
            'aaa'.split('a',0) → ['aaa']
            """);
    }

    @TestFactory
    Stream<DynamicTest> searchAsPythonDoes() {
        return Samples.renders("""
            s.startswith('He') → True
            s.startswith(('x','He')) → True
            s.endswith('ld') → True
            s.startswith('l',2) → True
            s.endswith('l',0,4) → True
            s.find('o') → 4
            s.rfind('o') → 7
            s.find('o',5) → 7
            s.find('q') → -1
            s.index('o') → 4
            s.count('l') → 3
            s.count('') → 12
            s.count('l',3) → 2
            u.find('x') → 14
            'aaaa'.count('aa') → 2
            ''.find('') → 0
            'abc'.find('',3) → 3
            'abc'.find('',4) → -1
            'abc'.rfind('',1,2) → 2
            'abc'.startswith('',4) → False
            'abc'.startswith('',3) → True
            'abc'.count('',4) → 0
            'abc'.count('',3) → 1
            """);
    }

    @TestFactory
    Stream<DynamicTest> askAboutCharactersAsPythonDoes() {
        return Samples.renders("""
            s.isalpha() → False
            'abc'.isalpha() → True
            '12'.isdigit() → True
            '²'.isdigit() → True
            '²'.isdecimal() → False
            '½'.isnumeric() → True
            ''.isspace() → False
            'Ab C'.istitle() → True
            'ab'.islower() → True
            'AB1'.isupper() → True
            '1'.isupper() → False
            'a_b'.isidentifier() → True
            '1a'.isidentifier() → False
            ''.isascii() → True
            'é'.isascii() → False
            'a1'.isalnum() → True
            """);
    }

    @TestFactory
    Stream<DynamicTest> padAndJoinAsPythonDoes() {
        return Samples.renders("""
            ml.splitlines() → ['line1', 'line2', '', 'line4', 'end']
            ml|wordcount → 4
            s|replace('l','L',1) → HeLlo World
            s|replace('','-') → -H-e-l-l-o- -W-o-r-l-d-
            s|replace('o','') → Hell Wrld
            s.replace('l','') → Heo Word
            s.replace('o','0',1) → Hell0 World
            i|replace(4,5) → 52
            s|truncate(5) → He...
            s|truncate(5,true) → He...
            s|truncate(8,false,'..',0) → Hello..
            s.center(20,'*') → ****Hello World*****
            s.ljust(15,'.') → Hello World....
            '42'.zfill(5) → 00042
            '-42'.zfill(5) → -0042
            s.removeprefix('He') → llo World
            s.removesuffix('ld') → Hello Wor
            s.removeprefix('x') → Hello World
            s.join(['a','b']) → aHello Worldb
            ''.join(ls) → bAca
            '-'.join('abc') → a-b-c
            'ß'.upper() → SS
            'İ'.lower()|length → 2
            'ΑΣ'.lower() → ας
            'ΑΣ Σ'.title() → Ας Σ
            'ﬁx'.title() → Fix
            'ﬁx'.capitalize() → Fix
            'ß'.casefold() → ss
            """);
    }

    @TestFactory
    Stream<DynamicTest> refuseWrongArguments() {
        return Samples.fails("""
            'x'.join([1]) → sequence item 0: expected str instance, int found
            'x'.join(1) → can only join an iterable
            s.split('') → empty separator
            s.startswith(1) → startswith first arg must be str or a tuple of str, not int
            s.endswith([1]) → endswith first arg must be str or a tuple of str, not list
            s.center('a') → 'str' object cannot be interpreted as an integer
            s.center(5,'ab') → The fill character must be exactly one character long
            s.index('q') → substring not found
            s.strip(chars=1) → str.strip() takes no keyword arguments
            """);
    }
}
