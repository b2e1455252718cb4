package org.llmspell.local.download;

import java.util.List;

/**
 * A model as its source describes it before the first byte.
 *
 * @param source where it comes from, for people and the manifest, such as {@code https://huggingface.co/USER/REPO}
 * @param revision the commit or digest that it is pinned to
 * @param variant what it is called if nobody said, such as {@code Q4_K_M}
 * @param files the parts of it, in their order; at least one
 */
public record RemoteModel(String source, String revision, String variant, List<Part> files) {
    /**
     * One file.
     *
     * @param name without folders, checked to be harmless
     * @param remote where it is
     */
    public record Part(String name, RemoteFile remote) {}

    public RemoteModel {
        files = List.copyOf(files);
    }

    /** Bytes of all files. */
    public long size() {
        return files.stream().mapToLong(part -> part.remote().size()).sum();
    }
}
