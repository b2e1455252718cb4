package org.llmspell.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.llmspell.gguf.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** What a file that is not GGUF seems to be: people hand over the wrong file of a model repository, or a failed download. */
final class FileKind {
    private static final int LOOKED_AT = 512;

    private record Signature(String magic, String kind) {}

    // Latin-1, so that each character is one byte.
    private static final List<Signature> SIGNATURES = List.of(
            new Signature("lmgg", "a GGML file of 2023, a format that GGUF replaced"),
            new Signature("fmgg", "a GGMF file of 2023, a format that GGUF replaced"),
            new Signature("tjgg", "a GGJT file of 2023, a format that GGUF replaced"),
            new Signature("algg", "a GGLA adapter of 2023, a format that GGUF replaced"),
            new Signature("FUGG", "GGUF with its magic reversed, perhaps written for a big-endian machine"),
            new Signature("PK\3\4", "a zip archive, such as a PyTorch checkpoint"),
            new Signature("\u0080\2", "a Python pickle, such as an old PyTorch checkpoint"),
            new Signature("\u0080\3", "a Python pickle, such as an old PyTorch checkpoint"),
            new Signature("\u0080\4", "a Python pickle, such as an old PyTorch checkpoint"),
            new Signature("\u001f\u008b", "a gzip archive: unpack it first"),
            new Signature("(\u00b5/\u00fd", "a Zstandard archive: unpack it first"),
            new Signature("\u00fd7zXZ", "an xz archive: unpack it first"),
            new Signature("BZh", "a bzip2 archive: unpack it first"),
            new Signature("7z\u00bc\u00af", "a 7-Zip archive: unpack it first"),
            new Signature("\u0089HDF", "an HDF5 file, such as a Keras model"),
            new Signature("%PDF", "a PDF document"),
            new Signature("\u007fELF", "a Linux program or library"),
            new Signature(
                    "version https://git-lfs",
                    "a Git LFS pointer: the model itself has not been fetched (git lfs pull)"),
            new Signature("\0\0\0\0\0\0\0\0", "a run of zeros, as an unfinished download leaves"));

    private FileKind() {}

    /** What {@code file}, which does not begin with the GGUF magic, seems to be. */
    static String describe(MemorySegment file) {
        if (file.byteSize() == 0) {
            return "an empty file";
        }
        int length = (int) Math.min(LOOKED_AT, file.byteSize());
        String head = new String(file.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.ISO_8859_1);
        for (Signature signature : SIGNATURES) {
            if (head.startsWith(signature.magic())) {
                return signature.kind();
            }
        }
        if (isSafetensors(file, head)) {
            return "a safetensors file: a GGUF conversion of the model is needed";
        }
        String text = head.strip().toLowerCase(Locale.ROOT);
        if (text.startsWith("<!doctype") || text.startsWith("<html") || text.startsWith("\u00ef\u00bb\u00bf<")) {
            return "an HTML page, perhaps an error page that was saved as the model";
        }
        if (text.startsWith("<?xml")) {
            return "an XML document, perhaps an error that was saved as the model";
        }
        if (text.startsWith("{") || text.startsWith("[")) {
            return "a JSON document";
        }
        if (file.byteSize() < Integer.BYTES) {
            return "a file of " + file.byteSize() + (file.byteSize() == 1 ? " byte" : " bytes");
        }
        if (head.chars().allMatch(c -> (c >= ' ' && c < 0x7F) || c == '\n' || c == '\r' || c == '\t')) {
            return "a text file";
        }
        return "unknown data, magic 0x"
                + String.format(Locale.ROOT, "%08x", Integer.reverseBytes(file.get(LittleEndian.INT, 0)));
    }

    /** A safetensors file is the length of a JSON object, then that object. */
    private static boolean isSafetensors(MemorySegment file, String head) {
        return head.length() > Long.BYTES
                && head.charAt(Long.BYTES) == '{'
                && file.get(LONG, 0) > 0
                && file.get(LONG, 0) <= 1L << 32;
    }
}
