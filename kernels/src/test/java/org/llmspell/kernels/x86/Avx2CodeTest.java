package org.llmspell.kernels.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a processor with AVX2 alone must never meet, looked for in all code of the products for it, which are tested elsewhere. */
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
        List<Disassembly.Line> lines = instructions(X86Products.avx2(vnni));
        assertThat(lines).filteredOn(Avx2CodeTest::ofAvx512).isEmpty();
        assertThat(lines).filteredOn(line -> line.text().contains("(bad)")).isEmpty();
        assertThat(lines).filteredOn(line -> line.text().contains("ymm")).hasSizeGreaterThan(1000);
        assertThat(lines.stream().anyMatch(line -> line.text().contains("vpdp")))
                .isEqualTo(vnni);
    }

    @Test
    void codeOfAvx512WouldBeFound() throws Exception {
        List<Disassembly.Line> lines = instructions(new X86Products());
        assertThat(lines).filteredOn(line -> line.bytes().startsWith(EVEX)).hasSizeGreaterThan(1000);
        assertThat(lines)
                .filteredOn(line -> !line.bytes().startsWith(EVEX) && ofAvx512(line))
                .isNotEmpty();
    }

    private static boolean ofAvx512(Disassembly.Line line) {
        return line.bytes().startsWith(EVEX)
                || AVX512_REGISTER.matcher(line.text()).find();
    }

    private List<Disassembly.Line> instructions(X86Products products) throws Exception {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        for (Routine routine : products.routines()) {
            code.write(routine.bytes());
        }
        return Disassembly.of(code.toByteArray(), folder);
    }
}
