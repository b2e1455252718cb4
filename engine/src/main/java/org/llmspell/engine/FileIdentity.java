package org.llmspell.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.llmspell.engine.EngineException.Problem;

/**
 * Which content of which file: a file that was replaced is another one, also under the same path.
 *
 * @param path absolute, links resolved
 */
record FileIdentity(Path path, long size, FileTime modified) {
    /** @throws EngineException if there is no such file */
    static FileIdentity of(Path path) {
        try {
            Path real = path.toRealPath();
            BasicFileAttributes attributes = Files.readAttributes(real, BasicFileAttributes.class);
            return new FileIdentity(real, attributes.size(), attributes.lastModifiedTime());
        } catch (IOException e) {
            throw new EngineException(
                    Problem.BROKEN_MODEL,
                    "There is no readable file " + path,
                    List.of("Check the path, or fetch the model again"));
        }
    }
}
