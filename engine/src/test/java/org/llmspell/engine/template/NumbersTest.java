package org.llmspell.engine.template;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Numbers against what Python 3.11 gives. */
class NumbersTest {
    @TestFactory
    Stream<DynamicTest> calculateAsPythonDoes() {
        return Samples.renders("""
            1/2 → 0.5
            7//2 → 3
            -7//2 → -4
            7%3 → 1
            -7%3 → 2
            7%-3 → -2
            7.5//2 → 3.0
            -7.5%2 → 0.5
            2**10 → 1024
            2**-1 → 0.5
            2**0.5 → 1.4142135623730951
            10**20 → 100000000000000000000
            big*big → 152415787532388367504942236884722755800955129
            big/3 → 4.1152263004115226e+21
            big//7 → 1763668414462081127160
            big%97 → 19
            -big → -12345678901234567890123
            1e16 → 1e+16
            1e15 → 1000000000000000.0
            123456789.123 → 123456789.123
            1e-5 → 1e-05
            0.0001 → 0.0001
            1e22 → 1e+22
            5e-324 → 5e-324
            1.7976931348623157e308 → 1.7976931348623157e+308
            0.1+0.2 → 0.30000000000000004
            1.0 → 1.0
            -0.0 → -0.0
            100.0*3 → 300.0
            1e100 → 1e+100
            i/7 → 6.0
            t+t → 2
            t*3 → 3
            -t → -1
            +t → 1
            7/7 → 1.0
            1_000 → 1000
            0x1F → 31
            0b101 → 5
            0o17 → 15
            1e3 → 1000.0
            2.50 → 2.5
            -2**2 → 4
            2**3**2 → 64
            -5|abs → 5
            1-1-1 → -1
            2*3+4*5 → 26
            10//3*3 → 9
            2-3*2 → -4
            (1,2)[0] → 1
            [1,2,3][1:] → [2, 3]
            {'a':1}['a'] → 1
            {'a':1}.a → 1
            'abc'[1] → b
            'abc'.1 → b
            l.0 → 3
            l.1 → 1
            d['a'][1]['k'] → v
            s[1:3][0] → e
            l[1:][::-1] → [2, 1]
            -l[0] → -3
            not l → False
            e|length==0 → True
            """);
    }

    @TestFactory
    Stream<DynamicTest> printAsPythonDoes() {
        return Samples.renders("""
            1.0|string → 1.0
            100000000000000000000|string → 100000000000000000000
            1e5|int → 100000
            1/3 → 0.3333333333333333
            2/3 → 0.6666666666666666
            10/3 → 3.3333333333333335
            1e-7 → 1e-07
            123e18 → 1.23e+20
            0.1 → 0.1
            1.1 → 1.1
            3.0e0 → 3.0
            1.5e300*1e10 → inf
            1e308*10 → inf
            1e400 → inf
            -1e400 → -inf
            (1e400)-(1e400) → nan
            """);
    }

    @TestFactory
    Stream<DynamicTest> readFromTextAsPythonDoes() {
        return Samples.renders("""
            '42'|int → 42
            '4.7'|int → 4
            'x'|int → 0
            'x'|int(7) → 7
            '0x1f'|int(base=16) → 31
            '0x1f'|int(0,16) → 31
            '1f'|int(base=16) → 31
            '0b11'|int(base=2) → 3
            '0o7'|int(base=0) → 7
            ' 5 '|int → 5
            '1_0'|int → 10
            4.9|int → 4
            -4.9|int → -4
            none|int → 0
            true|int → 1
            l|int → 0
            '٣'|int → 3
            '1e3'|int → 1000
            '4.7'|float → 4.7
            'x'|float → 0.0
            'inf'|float → inf
            'nan'|float → nan
            ' 1e3 '|float → 1000.0
            '1_0.5'|float → 10.5
            none|float → 0.0
            i|float → 42.0
            '0x1'|float → 0.0
            '1f'|float → 0.0
            '1.'|float → 1.0
            '.5'|float → 0.5
            """);
    }

    @TestFactory
    Stream<DynamicTest> roundAsPythonDoes() {
        return Samples.renders("""
            42.55|round → 43.0
            42.55|round(1) → 42.5
            42.55|round(1,'floor') → 42.5
            42.1|round(0,'ceil') → 43.0
            2.5|round → 2.0
            3.5|round → 4.0
            -2.5|round → -2.0
            i|round → 42
            i|round(-1) → 40
            15|round(-1) → 20
            25|round(-1) → 20
            2.675|round(2) → 2.67
            1e300|round(2) → 1e+300
            x|round|int → 2
            45|round(-1,'ceil') → 50.0
            1.23456|round(3,'ceil') → 1.235
            neg|abs → 7
            -2.5|abs → 2.5
            t|abs → 1
            1234567|filesizeformat → 1.2 MB
            1|filesizeformat → 1 Byte
            999|filesizeformat → 999 Bytes
            1000|filesizeformat → 1.0 kB
            1024|filesizeformat(true) → 1.0 KiB
            123456789012|filesizeformat → 123.5 GB
            1e30|filesizeformat → 1000000.0 YB
            """);
    }

    @TestFactory
    Stream<DynamicTest> impossibleArithmeticFailsAsInPython() {
        return Samples.fails("""
            5 % 0 → integer modulo by zero
            5 / 0 → division by zero
            5 // 0 → integer division or modulo by zero
            5.0 / 0 → float division by zero
            5.0 % 0 → float modulo
            0**-1 → 0.0 cannot be raised to a negative power
            range(1000000) → Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).
            range('a') → 'str' object cannot be interpreted as an integer
            range(1.5) → 'float' object cannot be interpreted as an integer
            range(1,2,0) → range() arg 3 must not be zero
            'a'+1 → can only concatenate str (not "int") to str
            1+'a' → unsupported operand type(s) for +: 'int' and 'str'
            l+'a' → can only concatenate list (not "str") to list
            (1,)+[1] → can only concatenate tuple (not "list") to tuple
            none+1 → unsupported operand type(s) for +: 'NoneType' and 'int'
            d+d → unsupported operand type(s) for +: 'dict' and 'dict'
            'a'-'b' → unsupported operand type(s) for -: 'str' and 'str'
            'a'*'b' → can't multiply sequence by non-int of type 'str'
            l*l → can't multiply sequence by non-int of type 'list'
            -s → bad operand type for unary -: 'str'
            +s → bad operand type for unary +: 'str'
            -none → bad operand type for unary -: 'NoneType'
            1<'a' → '<' not supported between instances of 'int' and 'str'
            none<none → '<' not supported between instances of 'NoneType' and 'NoneType'
            l<1 → '<' not supported between instances of 'list' and 'int'
            d<d → '<' not supported between instances of 'dict' and 'dict'
            1 in 5 → argument of type 'int' is not iterable
            1 in none → argument of type 'NoneType' is not iterable
            1 in 'a' → 'in <string>' requires string as left operand, not int
            [] in d → unhashable type: 'list'
            undefined1.x → 'undefined1' is undefined
            s() → 'str' object is not callable
            i() → 'int' object is not callable
            l() → 'list' object is not callable
            d.zz() → 'dict object' has no attribute 'zz'
            s.zz() → 'str object' has no attribute 'zz'
            undefined1 in 'abc' → 'in <string>' requires string as left operand, not Undefined
            """);
    }
}
