package org.llmspell.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What Linux says of memory and processors, read from texts of its own. */
class SystemFiguresTest {
    @Test
    void memoryBesideTheFileIsThatOfAllOtherMappings() {
        List<String> smaps = List.of(
                "7f0000000000-7f0020000000 r--s 00000000 fe:00 1234                       /models/a.gguf",
                "Size:             524288 kB",
                "Rss:              500000 kB",
                "7f0020000000-7f0021000000 rw-p 00000000 00:00 0 ",
                "Rss:                1000 kB",
                "7f0021000000-7f0022000000 r--p 00000000 fe:00 99                         /models/a.gguf.so",
                "Rss:                  24 kB",
                "VmFlags: rd mr mw me sd");

        assertThat(ResidentMemory.beyond(smaps, "/models/a.gguf")).isEqualTo(1024 * 1024);
    }

    @Test
    void aProcessorIsBusyWithEverythingButIdlingAndWaiting() {
        assertThat(OtherLoad.busy("cpu  10 20 30 40000 50000 60 70 80 999 999")).isEqualTo(10 + 20 + 30 + 60 + 70 + 80);
    }
}
