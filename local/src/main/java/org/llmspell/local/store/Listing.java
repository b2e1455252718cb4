package org.llmspell.local.store;

import java.util.List;

/**
 * What a store holds.
 *
 * @param models newest first
 * @param warnings about files that are odd or unreadable, a line each
 */
public record Listing(List<StoredModel> models, List<String> warnings) {
    public Listing {
        models = List.copyOf(models);
        warnings = List.copyOf(warnings);
    }
}
