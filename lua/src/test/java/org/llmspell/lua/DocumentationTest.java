package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.llmspell.local.ChatOption;

/** What the Lua API's page says is so. */
class DocumentationTest {
    private static String page() throws IOException {
        return Files.readString(Path.of("../docs/api/lua/README.md"));
    }

    @Test
    void everyExampleRuns() throws IOException {
        List<String> examples = Pattern.compile("```lua\n(.*?)```", Pattern.DOTALL)
                .matcher(page())
                .results()
                .map(match -> match.group(1))
                .toList();
        assertThat(examples).hasSizeGreaterThan(15);
        for (String example : examples) {
            assertThatCode(() -> Script.output(example)).as(example).doesNotThrowAnyException();
        }
    }

    @Test
    void theTableHasEveryOptionAndItsDefault() throws IOException {
        List<String> rows = Pattern.compile("^\\| `(\\w+)` \\| [^|]+ \\| ([^|]+) \\|", Pattern.MULTILINE)
                .matcher(page())
                .results()
                .map((MatchResult row) -> row.group(1) + " " + row.group(2))
                .toList();
        for (ChatOption option : ChatOption.ALL) {
            assertThat(rows).contains(option.name() + " " + option.defaultText());
        }
    }
}
