package org.llmspell.kernels.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llmspell.gguf.BlockFormat;
import org.llmspell.kernels.CacheFormat;
import org.llmspell.kernels.KernelProvider;

/** What a processor with AVX2 alone must never meet, looked for in all code for it, which is tested elsewhere. */
class Avx2CodeTest {
    /** An EVEX prefix, which no instruction of AVX2 has. */
    private static final String EVEX = "62";

    /** Registers of 512 bits, those beyond the sixteenth and masks, some of whose instructions have VEX prefixes. */
    private static final Pattern AVX512_REGISTER = Pattern.compile("\\b(zmm\\d+|[xy]mm(1[6-9]|2\\d|3\\d)|k[0-7])\\b");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void allCodeIsWithinAvx2(boolean vnni) throws Exception {
        List<Disassembly.Line> lines = instructions(X86Products.avx2(vnni).routines());
        assertWithinAvx2(lines);
        assertThat(lines).filteredOn(line -> line.text().contains("ymm")).hasSizeGreaterThan(1000);
        assertThat(lines.stream().anyMatch(line -> line.text().contains("vpdp")))
                .isEqualTo(vnni);
    }

    @Test
    void allCodeForRowsIsWithinAvx2() throws Exception {
        assertWithinAvx2(instructions(new Avx2Rows().routines()));
    }

    @ParameterizedTest
    @EnumSource
    void allCodeForAttentionIsWithinAvx2(CacheFormat format) throws Exception {
        AttentionCodes set = AttentionCodes.AVX2;
        List<Routine> routines = new ArrayList<>(List.of(set.scaleQueries()));
        for (boolean capped : new boolean[] {false, true}) {
            AttentionCode shape = new AttentionCode(77, 130, 64, format, capped);
            AttentionTileCode tile = new AttentionTileCode(72, 136, format, capped);
            routines.addAll(List.of(set.page(shape), set.finish(shape), set.widen(tile), set.tiles(tile)));
        }
        assertWithinAvx2(instructions(routines));
    }

    @ParameterizedTest
    @EnumSource(names = {"AVX2", "AVX2_VNNI"})
    void allCodeForPanelsIsWithinAvx2(PanelIsa isa) throws Exception {
        PanelProducts panels = new PanelProducts(isa);
        List<Routine> routines = new ArrayList<>();
        for (BlockFormat format : BlockFormat.values()) {
            if (PanelProducts.records(format) != null) {
                routines.addAll(panels.routines(format));
            }
        }
        List<Disassembly.Line> lines = instructions(routines);
        assertWithinAvx2(lines);
        assertThat(lines.stream().anyMatch(line -> line.text().contains("vpdp")))
                .isEqualTo(isa == PanelIsa.AVX2_VNNI);
    }

    @Test
    void allCodeForRecurrencesIsWithinAvx2() throws Exception {
        List<Routine> routines = new ArrayList<>();
        for (boolean corrects : new boolean[] {false, true}) {
            routines.add(Routine.of(a -> Avx2ScanCode.write(a, corrects)));
        }
        List<Disassembly.Line> lines = instructions(routines);
        assertThat(lines).hasSizeGreaterThan(50).noneMatch(Avx2CodeTest::ofAvx512);
    }

    @Test
    void allCodeForDenseProductsIsWithinAvx2() throws Exception {
        DenseProduct product = DenseProduct.avx2(KernelProvider.scalar());
        assertWithinAvx2(instructions(product.routines(Set.of(BlockFormat.F32, BlockFormat.F16, BlockFormat.BF16))));
    }

    private static void assertWithinAvx2(List<Disassembly.Line> lines) {
        assertThat(lines).hasSizeGreaterThan(500);
        assertThat(lines).filteredOn(Avx2CodeTest::ofAvx512).isEmpty();
        assertThat(lines).filteredOn(line -> line.text().contains("(bad)")).isEmpty();
    }

    @Test
    void codeOfAvx512WouldBeFound() throws Exception {
        List<Disassembly.Line> lines = instructions(new X86Products().routines());
        assertThat(lines).filteredOn(line -> line.bytes().startsWith(EVEX)).hasSizeGreaterThan(1000);
        assertThat(lines)
                .filteredOn(line -> !line.bytes().startsWith(EVEX) && ofAvx512(line))
                .isNotEmpty();
    }

    private static boolean ofAvx512(Disassembly.Line line) {
        return line.bytes().startsWith(EVEX)
                || AVX512_REGISTER.matcher(line.text()).find();
    }

    private List<Disassembly.Line> instructions(List<Routine> routines) throws Exception {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        for (Routine routine : routines) {
            code.write(routine.bytes());
        }
        return Disassembly.of(code.toByteArray(), folder);
    }
}
