package org.llmspell.local.store;

import java.nio.file.Path;
import org.llmspell.local.store.ImportRequest.Placement;

/** A process that imports a file and dies, as by a kill, when its first bytes have been copied. */
final class KilledImport {
    static final int STATUS = 137;

    private KilledImport() {}

    public static void main(String[] args) {
        new ModelStore(Path.of(args[0]))
                .importFile(new ImportRequest(
                        Path.of(args[1]),
                        "mine",
                        "x",
                        Placement.COPY,
                        true,
                        progress -> Runtime.getRuntime().halt(STATUS)));
    }
}
