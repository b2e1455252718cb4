package org.llmspell.engine.template;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The three ways of formatting strings, against what Python 3.11 gives. */
class FormattingTest {
    @TestFactory
    Stream<DynamicTest> percentFormatsAsPythonDoes() {
        return Samples.renders("""
            '%05d|%-5d|%+d|% d'|format(42,42,42,42) → 00042|42   |+42| 42
            '%(a)s'|format(a=1) → 1
            '%(b)s' % d → 1
            '%s' % 5 → 5
            '%s' % l → [3, 1, 2]
            '%s %s' % (1,2) → 1 2
            '%r' % 'x' → 'x'
            '%c%c' % ('a',98) → ab
            '%%' % () → %
            '%d' % 3.99 → 3
            '%i' % true → 1
            '%x' % -255 → -ff
            '%#x' % 255 → 0xff
            '%#o' % 8 → 0o10
            '%e' % 0 → 0.000000e+00
            '%g' % 1e10 → 1e+10
            '%g' % 100000 → 100000
            '%g' % 1000000 → 1e+06
            '%G' % 1e-10 → 1E-10
            '%.0f' % 0.5 → 0
            '%.0f' % 1.5 → 2
            '%.3d' % 5 → 005
            '%-*d|' % (5,3) → 3    |
            '%s' % none → None
            '%s' % (none,) → None
            '%f' % 1e20 → 100000000000000000000.000000
            '%.10f' % 0.1 → 0.1000000000
            'a' % {} → a
            'a' % [] → a
            """);
    }

    @TestFactory
    Stream<DynamicTest> bracesFormatAsPythonDoes() {
        return Samples.renders("""
            '{} {}'.format(1,2) → 1 2
            '{1} {0}'.format(1,2) → 2 1
            '{a}'.format(a=3) → 3
            '{a[b]} {a.b}'.format(a=d) → 1 1
            '{0[0]}'.format(l) → 3
            '{:.2f} {:e} {:g} {:%}'.format(1.234,1.5,0.1,0.25) → 1.23 1.500000e+00 0.1 25.000000%
            '{:05d} {:+d} {: d} {:=+6d}'.format(42,42,42,42) → 00042 +42  42 +   42
            '{!r} {!s}'.format('a','b') → 'a' b
            '{{}}'.format() → {}
            '{:s}'.format('q') → q
            '{:.2}'.format('abc') → ab
            '{:d}'.format(true) → 1
            '{}'.format(true) → True
            '{:.3}'.format(3.14159) → 3.14
            '{:.3}'.format(1234.5) → 1.23e+03
            '{:010.3f}|'.format(-3.14159) → -00003.142|
            '{:,.2f}'.format(1234567.891) → 1,234,567.89
            '{:g}'.format(1e10) → 1e+10
            '{}'.format(1e16) → 1e+16
            '{:.0f}'.format(2.5) → 2
            '{:n}'.format(5) → 5
            '{:f}'.format(3) → 3.000000
            '{:e}'.format(0) → 0.000000e+00
            '{' → {
            '{}'.format(none) → None
            'a{0}b'.format(l) → a[3, 1, 2]b
            '{:,}'.format(12345.678) → 12,345.678
            '{:012,}'.format(1234) → 0,000,001,234
            '{:<05}'.format(3) → 30000
            '{:e}'.format(123456) → 1.234560e+05
            '{:.1%}'.format(0.1234) → 12.3%
            '{:#.3g}'.format(1) → 1.00
            '{:g}'.format(0.00001) → 1e-05
            '{:.2g}'.format(123) → 1.2e+02
            '{:}'.format(5) → 5
            '{:.10}'.format(0.1) → 0.1
            '{:.1}'.format(0.05) → 0.05
            '{:.17}'.format(0.1) → 0.10000000000000001
            '{:.3}'.format(1e10) → 1e+10
            '{:.15}'.format(1.0) → 1.0
            '{:.2}'.format(10.0) → 1e+01
            '{:.2}'.format(100.0) → 1e+02
            'a'.format_map({}) → a
            '{a}'.format_map(d) → [1, {'k': 'v'}]
            '{b}'.format_map({'b':2}) → 2
            '{0}'.format(*[1]) → 1
            '{a}'.format(**{'a':1}) → 1
            dict(**{'a':1}) → {'a': 1}
            dict(*[[('x',1)]]) → {'x': 1}
            s.replace(*('l','L')) → HeLLo WorLd
            range(*[1,4])|list → [1, 2, 3]
            s.upper(*[]) → HELLO WORLD
            """);
    }

    @TestFactory
    Stream<DynamicTest> malformedFormatsFailAsInPython() {
        return Samples.fails("""
            '%f' % 'a' → must be real number, not str
            '%d' % 'a' → %d format: a real number is required, not str
            '%' % 1 → incomplete format
            '%s %s' % 1 → not enough arguments for format string
            'a' % 1 → not all arguments converted during string formatting
            '%z' % 1 → unsupported format character 'z' (0x7a) at index 1
            '{0}{}'.format(1,2) → cannot switch from manual field specification to automatic field numbering
            '{'.format() → Single '{' encountered in format string
            '}'.format() → Single '}' encountered in format string
            '{:q}'.format(1) → Unknown format code 'q' for object of type 'int'
            '{:q}'.format('a') → Unknown format code 'q' for object of type 'str'
            '{:5}'.format(none) → unsupported format string passed to NoneType.__format__
            s.replace('a',*['b'],'c') → invalid syntax for function call expression
            """);
    }
}
