package org.llmspell.kernels.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llmspell.kernels.x86.Assembler.Condition;
import org.llmspell.kernels.x86.Assembler.Label;

/** Every form of instruction as a disassembler reads it, and some by the bytes that the manual prescribes. */
class AssemblerTest {
    private static final List<Mem> PLACES = List.of(
            Mem.at(Gp.RSI, 0),
            Mem.at(Gp.RSP, 64),
            Mem.at(Gp.RBP, -128),
            Mem.at(Gp.R12, 4),
            Mem.at(Gp.R13, 0x12345),
            Mem.at(Gp.RSI, Gp.R8, 2, 32),
            Mem.at(Gp.R11, Gp.RAX, 8, 0));

    private static final String[] NAMES = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
    };

    /** Instructions whose operands differ in width from the vector they work on: source as a part of the destination's. */
    private static final Map<Op, Integer> NARROWER = Map.of(
            Op.VCVTPH2PS,
            2,
            Op.VCVTPS2PH,
            2,
            Op.VPMOVZXBW,
            2,
            Op.VPMOVSXBW,
            2,
            Op.VPMOVZXWD,
            2,
            Op.VPMOVDW,
            2,
            Op.VPMOVSDB,
            4,
            Op.VPMOVSXBD,
            4,
            Op.VPMOVZXBD,
            4);

    @TempDir
    Path folder;

    @Test
    void someInstructionsHaveTheBytesThatTheManualPrescribes() {
        assertBytes("62f16d48fecb", a -> a.emit(Op.VPADDD, Vec.zmm(1), Vec.zmm(2), Vec.zmm(3)));
        assertBytes("6202154050d7", a -> a.emit(Op.VPDPBUSD, Vec.zmm(26), Vec.zmm(29), Vec.zmm(31)));
        assertBytes("62f26d28528e40000000", a -> a.emit(Op.VPDPWSSD, Vec.ymm(1), Vec.ymm(2), Mem.at(Gp.RSI, 64)));
        assertBytes("c5f877", Assembler::vzeroupper);
        assertBytes("0fa2", Assembler::cpuid);
        assertBytes("0f01d0", Assembler::xgetbv);
        assertBytes("c3", Assembler::ret);
        assertBytes("48b88877665544332211", a -> a.mov(Gp.RAX, 0x1122334455667788L));
    }

    @Test
    void comparisonsReadBackAsTheyWereMeant() throws Exception {
        Assembler a = new Assembler();
        List<String> expected = new ArrayList<>();
        a.compare(Op.VCMPPS, 2, Vec.zmm(1), Vec.zmm(30), 14);
        expected.add("vcmpgtps k2,zmm1,zmm30");
        a.compare(Op.VCMPPS, 7, Vec.zmm(25), Vec.zmm(9), 5);
        expected.add("vcmpnltps k7,zmm25,zmm9");
        a.compare(Op.VCMPPS, 4, Vec.ymm(3), Vec.ymm(12), 4);
        expected.add("vcmpneqps k4,ymm3,ymm12");
        for (Mem place : PLACES) {
            a.compare(Op.VCMPPS, 5, Vec.zmm(17), place, 1);
            expected.add("vcmpltps k5,zmm17," + text(place));
        }
        assertThat(disassembled(a.bytes())).isEqualTo(expected);
        assertBytes("62f17448c2d20e", code -> code.compare(Op.VCMPPS, 2, Vec.zmm(1), Vec.zmm(2), 14));
    }

    @ParameterizedTest
    @EnumSource(names = "VCMPPS", mode = EnumSource.Mode.EXCLUDE)
    void everyVectorInstructionReadsBackAsItWasMeant(Op op) throws Exception {
        List<String> expected = new ArrayList<>();
        Assembler a = new Assembler();
        for (int bits : widths(op)) {
            for (int number : new int[] {0, 7, 9, 22, 31}) {
                Vec first = new Vec(number, bits);
                Vec second = new Vec((number + 13) % 32, bits);
                Vec third = new Vec((number + 25) % 32, sourceBits(op, bits));
                if (op != Op.VMOVSS_LOAD && op != Op.VMOVSS_STORE && op != Op.VMOVQ_STORE) {
                    if (!name(op).startsWith("vbroadcasti")) {
                        write(a, op, first, second, third, Mask.NONE, expected);
                    }
                    if (number == 9 && op.shape != Op.Shape.STORE && !name(op).startsWith("vbroadcasti")) {
                        write(a, op, first, second, third, Mask.merging(3), expected);
                        write(a, op, first, second, third, Mask.zeroing(7), expected);
                    }
                }
            }
            if (op.shape != Op.Shape.SHIFT) {
                for (Mem place : PLACES) {
                    write(a, op, new Vec(17, bits), new Vec(3, bits), place, Mask.NONE, expected);
                }
            }
        }
        if (op == Op.VMULPS || op == Op.VPANDD || op == Op.VFMADD231PS || op == Op.VFNMADD231PS) {
            write(a, op, Vec.zmm(1), Vec.zmm(2), Mem.at(Gp.RDI, 68).repeated(), Mask.NONE, expected);
            write(a, op, Vec.ymm(30), Vec.ymm(2), Mem.at(Gp.R9, 68).repeated(), Mask.NONE, expected);
        }
        assertThat(disassembled(a.bytes())).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource
    void everyInstructionInVexFormReadsBackAsItWasMeant(VexOp op) throws Exception {
        List<String> expected = new ArrayList<>();
        Assembler a = new Assembler();
        for (int bits : widths(op)) {
            for (int number : new int[] {0, 7, 9, 15}) {
                if (takesRegisters(op)) {
                    Vec third = new Vec((number + 12) % 16, sourceBits(op, bits));
                    write(a, op, new Vec(number, bits), new Vec((number + 5) % 16, bits), third, expected);
                }
            }
            if (op.shape != Op.Shape.SHIFT) {
                for (Mem place : PLACES) {
                    write(a, op, new Vec(13, bits), new Vec(3, bits), place, expected);
                }
            }
        }
        assertThat(disassembled(a.bytes())).isEqualTo(expected);
    }

    private static boolean takesRegisters(VexOp op) {
        return switch (op) {
            case VMOVSS_LOAD, VMOVSS_STORE, VMASKMOVPS_LOAD, VMASKMOVPS_STORE, VPEXTRW -> false;
            default -> true;
        };
    }

    @Test
    void instructionsInVexFormHaveTheBytesThatTheManualPrescribes() {
        assertBytes("c4e16dfecb", a -> a.emit(VexOp.VPADDD, Vec.ymm(1), Vec.ymm(2), Vec.ymm(3)));
        assertBytes("c4421550d7", a -> a.emit(VexOp.VPDPBUSD, Vec.ymm(10), Vec.ymm(13), Vec.ymm(15)));
        assertBytes("c4e26d528e40000000", a -> a.emit(VexOp.VPDPWSSD, Vec.ymm(1), Vec.ymm(2), Mem.at(Gp.RSI, 64)));
        assertBytes("c4e3fd00ca4e", a -> a.emit(VexOp.VPERMQ, Vec.ymm(1), Vec.ymm(2), 0x4E));
    }

    @Test
    void whatVexFormCannotExpressIsRefused() {
        Assembler a = new Assembler();
        assertThatThrownBy(() -> a.emit(VexOp.VPADDD, Vec.zmm(1), Vec.zmm(2), Vec.zmm(3)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.emit(VexOp.VPADDD, Vec.ymm(1), Vec.ymm(2), Vec.ymm(16)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.emit(VexOp.VPADDD, Vec.ymm(1), Vec.ymm(2)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.store(VexOp.VMOVDQU_STORE, Mem.at(Gp.RAX, 0), Vec.ymm(2), 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void generalInstructionsReadBackAsTheyWereMeant() throws Exception {
        Assembler a = new Assembler();
        List<String> expected = new ArrayList<>();
        for (Gp[] pair : new Gp[][] {{Gp.RAX, Gp.R9}, {Gp.R12, Gp.RDI}, {Gp.R10, Gp.R13}}) {
            String one = NAMES[pair[0].number()];
            String other = NAMES[pair[1].number()];
            a.mov(pair[0], pair[1]);
            expected.add("mov " + one + "," + other);
            a.add(pair[0], pair[1]);
            expected.add("add " + one + "," + other);
            a.sub(pair[0], pair[1]);
            expected.add("sub " + one + "," + other);
            a.cmp(pair[0], pair[1]);
            expected.add("cmp " + one + "," + other);
            a.test(pair[0], pair[1]);
            expected.add("test " + one + "," + other);
            a.add(pair[0], 0x1234);
            expected.add("add " + one + ",0x1234");
            a.sub(pair[1], 1);
            expected.add("sub " + other + ",0x1");
            a.cmp(pair[1], 0x70);
            expected.add("cmp " + other + ",0x70");
            a.and(pair[1], 0x70);
            expected.add("and " + other + ",0x70");
            a.or(pair[0], pair[1]);
            expected.add("or " + one + "," + other);
            a.shl(pair[1], 16);
            expected.add("shl " + other + ",0x10");
            a.push(pair[0]);
            expected.add("push " + one);
            a.pop(pair[1]);
            expected.add("pop " + other);
        }
        for (Mem place : PLACES) {
            a.load(Gp.R9, place);
            expected.add("mov r9," + text(place));
            a.store(place, Gp.RDX);
            expected.add("mov " + text(place) + ",rdx");
            a.load32(Gp.R9, place);
            expected.add("mov r9d," + text(place));
            a.load16(Gp.R9, place);
            expected.add("movzx r9d," + text(place));
            a.load8(Gp.R10, place);
            expected.add("movzx r10d," + text(place));
            a.store32(place, Gp.RCX);
            expected.add("mov " + text(place) + ",ecx");
            a.store16(place, Gp.R9);
            expected.add("mov " + text(place) + ",r9w");
            a.store8(place, Gp.RAX);
            expected.add("mov " + text(place) + ",al");
            a.lea(Gp.R11, place);
            expected.add("lea r11," + text(place));
            a.prefetch(place);
            expected.add("prefetcht1 " + text(place));
            a.prefetchOnce(place);
            expected.add("prefetchnta " + text(place));
            a.prefetchNear(place);
            expected.add("prefetcht0 " + text(place));
        }
        a.kmovd(3, Gp.RAX);
        expected.add("kmovd k3,eax");
        a.kmovd(7, Gp.R9);
        expected.add("kmovd k7,r9d");
        a.kmovq(3, Gp.RAX);
        expected.add("kmovq k3,rax");
        a.kmovq(7, Gp.R9);
        expected.add("kmovq k7,r9");
        assertThat(disassembled(a.bytes())).isEqualTo(expected);
    }

    @Test
    void tileInstructionsHaveTheBytesThatTheManualPrescribes() {
        assertBytes("c4e27849c0", Assembler::releaseTiles);
        assertBytes("c4e27b49e8", a -> a.zeroTile(5));
        assertBytes("c4e2525cda", a -> a.multiplyTiles(3, 2, 5));
        assertBytes("c4e278498740000000", a -> a.loadTileShapes(Mem.at(Gp.RDI, 64)));
        assertBytes("c4e27b4bb41e00000000", a -> a.loadTile(6, Gp.RSI, 0, Gp.RBX));
        assertBytes("c4a27a4bac0000040000", a -> a.storeTile(Gp.RAX, 1024, Gp.R8, 5));
    }

    @Test
    void tileInstructionsReadBackAsTheyWereMeant() throws Exception {
        Assembler a = new Assembler();
        List<String> expected = new ArrayList<>();
        for (int tile = 0; tile < 8; tile++) {
            int second = (tile + 3) % 8;
            int third = (tile + 6) % 8;
            a.zeroTile(tile);
            expected.add("tilezero tmm" + tile);
            a.multiplyTiles(tile, second, third);
            expected.add("tdpbf16ps tmm%d,tmm%d,tmm%d".formatted(tile, second, third));
        }
        for (Gp base : new Gp[] {Gp.RSI, Gp.RBP, Gp.R12, Gp.R13}) {
            for (Gp stride : new Gp[] {Gp.RBX, Gp.R8}) {
                String place = text(Mem.at(base, stride, 1, 512));
                a.loadTile(7, base, 512, stride);
                expected.add("tileloadd tmm7," + place);
                a.storeTile(base, 512, stride, 2);
                expected.add("tilestored " + place + ",tmm2");
            }
        }
        for (Mem place : PLACES) {
            a.loadTileShapes(place);
            expected.add("ldtilecfg " + text(place));
        }
        a.releaseTiles();
        expected.add("tilerelease");
        assertThat(disassembled(a.bytes())).isEqualTo(expected);
    }

    @Test
    void jumpsReachTheirLabelsForwardsAndBackwards() throws Exception {
        Assembler a = new Assembler();
        Label back = new Label();
        Label ahead = new Label();
        a.place(back);
        a.jump(Condition.EQUAL, ahead);
        a.jump(Condition.NOT_EQUAL, back);
        a.jump(Condition.BELOW, ahead);
        a.jump(Condition.LESS, back);
        a.jump(back);
        a.align(32);
        a.place(ahead);
        a.ret();
        List<String> lines = disassembled(a.bytes()).stream()
                .filter(line -> !line.equals("nop"))
                .toList();
        assertThat(lines).containsExactly("je 0x20", "jne 0x0", "jb 0x20", "jl 0x0", "jmp 0x0", "ret");
    }

    @Test
    void anInstructionOfAnotherShapeIsRefused() {
        Assembler a = new Assembler();
        assertThatThrownBy(() -> a.emit(Op.VPADDD, Vec.zmm(1), Vec.zmm(2)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.store(Op.VMOVDQU32, Mem.at(Gp.RAX, 0), Vec.zmm(2)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.compare(Op.VPADDD, 1, Vec.zmm(2), Vec.zmm(3), 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.emit(Op.VPADDD, Vec.zmm(1), Vec.zmm(2), Vec.zmm(3), 5))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theCodeForBothCallingConventionsKeepsWhatBelongsToTheCaller() throws Exception {
        List<String> windows =
                disassembled(Routine.assemble(a -> a.emit(Op.VPXORD, Vec.zmm(6), Vec.zmm(6), Vec.zmm(6)), true));
        assertThat(windows).startsWith("push rdi", "push rsi", "sub rsp,0xa0", "vmovdqu [rsp+0x0],xmm6");
        assertThat(windows).contains("mov rdi,rcx", "vmovdqu xmm15,[rsp+0x90]");
        assertThat(windows).endsWith("add rsp,0xa0", "pop rsi", "pop rdi", "ret");
        assertThat(disassembled(Routine.assemble(a -> {}, false))).containsExactly("vzeroupper", "ret");
    }

    private static void assertBytes(String hexadecimal, Consumer<Assembler> code) {
        Assembler a = new Assembler();
        code.accept(a);
        assertThat(HexFormat.of().formatHex(a.bytes())).isEqualTo(hexadecimal);
    }

    private static int[] widths(Op op) {
        return switch (op) {
            case VMOVSS_LOAD, VMOVSS_STORE, VMOVQ_STORE -> new int[] {128};
            case VBROADCASTI32X4, VSHUFI32X4, VPERMD, VEXTRACTI32X4 -> new int[] {256, 512};
            case VBROADCASTI64X4, VINSERTI64X4, VEXTRACTI64X4 -> new int[] {512};
            default -> new int[] {128, 256, 512};
        };
    }

    private static int sourceBits(Op op, int bits) {
        return switch (op) {
            case VBROADCASTSS, VPBROADCASTW, VPBROADCASTD, VEXTRACTI32X4 -> 128;
            case VINSERTI64X4, VEXTRACTI64X4 -> 256;
            default -> Math.max(128, bits / NARROWER.getOrDefault(op, 1));
        };
    }

    private static int[] widths(VexOp op) {
        return switch (op) {
            case VMOVSS_LOAD, VMOVSS_STORE, VPEXTRW -> new int[] {128};
            case VINSERTI128, VEXTRACTI128, VPERM2I128, VPERMQ, VPERMD, VPERMPS -> new int[] {256};
            default -> new int[] {128, 256};
        };
    }

    private static int sourceBits(VexOp op, int bits) {
        return switch (op) {
            case VBROADCASTSS, VPBROADCASTW, VPBROADCASTD, VINSERTI128, VEXTRACTI128 -> 128;
            case VCVTPH2PS, VCVTPS2PH, VPMOVZXBW, VPMOVSXBW, VPMOVSXBD, VPMOVZXWD -> 128;
            default -> bits;
        };
    }

    private static void write(Assembler a, VexOp op, Vec first, Vec second, Source third, List<String> expected) {
        int immediate = op.immediate ? 1 : 0;
        String operands = switch (op.shape) {
            case THREE -> {
                a.emit(op, first, second, third, immediate);
                yield op == VexOp.VMASKMOVPS_STORE
                        ? text(third) + "," + text(second) + "," + text(first)
                        : text(first) + "," + text(second) + "," + text(third);
            }
            case LOAD -> {
                a.emit(op, first, third, immediate);
                yield text(first) + "," + text(third);
            }
            case STORE -> {
                a.store(op, third, first, immediate);
                yield text(third) + "," + text(first);
            }
            case SHIFT -> {
                a.emit(op, first, third, immediate);
                yield text(first) + "," + text(third);
            }
            case COMPARE -> throw new AssertionError("none in this form");
        };
        // The comparison's immediate is a part of its name.
        expected.add(
                op == VexOp.VCMPPS ? "vcmpltps " + operands : name(op) + " " + operands + (op.immediate ? ",0x1" : ""));
    }

    private static void write(
            Assembler a, Op op, Vec first, Vec second, Source third, Mask mask, List<String> expected) {
        String operands = switch (op.shape) {
            case THREE -> {
                a.emit(op, first, second, third, mask, op.immediate ? 1 : 0);
                yield text(first) + text(mask) + "," + text(second) + "," + text(third);
            }
            case LOAD -> {
                a.emit(op, first, third, mask, op.immediate ? 1 : 0);
                yield text(first) + text(mask) + "," + text(third);
            }
            case STORE -> {
                a.store(op, third, first, mask, op.immediate ? 1 : 0);
                yield text(third) + text(mask) + "," + text(first);
            }
            case SHIFT -> {
                Vec source = new Vec(((Vec) third).number(), first.bits());
                a.emit(op, first, source, mask, 1);
                yield text(first) + text(mask) + "," + text(source);
            }
            case COMPARE -> throw new AssertionError("has a test of its own");
        };
        expected.add(name(op) + " " + operands + (op.immediate ? ",0x1" : ""));
    }

    private static String name(Enum<?> op) {
        String name = op.name().toLowerCase(Locale.ROOT);
        int suffix = name.indexOf('_');
        return suffix < 0 ? name : name.substring(0, suffix);
    }

    private static String text(Vec vector) {
        return (vector.bits() == 512 ? "zmm" : vector.bits() == 256 ? "ymm" : "xmm") + vector.number();
    }

    private static String text(Mask mask) {
        return mask.number() == 0 ? "" : "{k" + mask.number() + "}" + (mask.zeroing() ? "{z}" : "");
    }

    private static String text(Source source) {
        return switch (source) {
            case Vec vector -> text(vector);
            case Mem memory -> text(memory) + (memory.broadcast() ? "{repeated}" : "");
        };
    }

    private static String text(Mem memory) {
        Gp index = memory.index();
        int displacement = memory.displacement();
        return "[" + NAMES[memory.base().number()]
                + (index == null ? "" : "+" + NAMES[index.number()] + "*" + memory.scale())
                + (displacement < 0
                        ? "-0x" + Integer.toHexString(-displacement)
                        : "+0x" + Integer.toHexString(displacement))
                + "]";
    }

    private List<String> disassembled(byte[] code) throws IOException, InterruptedException {
        return Disassembly.of(code, folder).stream()
                .map(Disassembly.Line::text)
                .map(line -> line.replace("{evex} ", "")
                        .replace("{vex} ", "")
                        .replaceAll("DWORD BCST (\\[[^]]*\\])", "$1{repeated}")
                        .replaceAll("(?:[XYZ]MM|[DQ])?(?:WORD|BYTE) PTR ", "")
                        .replaceAll("\\s+", " ")
                        .strip())
                .toList();
    }
}
