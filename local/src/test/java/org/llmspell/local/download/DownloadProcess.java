package org.llmspell.local.download;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** A process that downloads and prints how many bytes it has fetched itself, for a test to kill. */
final class DownloadProcess {
    private DownloadProcess() {}

    public static void main(String[] args) throws Exception {
        RemoteFile remote = new RemoteFile(URI.create(args[0]), Long.parseLong(args[1]), args[2], null);
        long[] first = {-1};
        try (Transport transport = new Transport(Duration.ofSeconds(10), Map.of())) {
            new Downloader(transport, DownloadSettings.DEFAULTS).fetch(remote, Path.of(args[3]), (phase, bytes) -> {
                if (first[0] < 0) {
                    first[0] = bytes;
                }
                System.out.println(bytes - first[0]);
            });
        }
    }
}
