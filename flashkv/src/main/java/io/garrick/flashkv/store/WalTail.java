package io.garrick.flashkv.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What of a RocksDB's write-ahead log a machine failure could take: the bytes of its newest file
 * behind the last sync. Older files and tables are synced by RocksDB itself.
 *
 * <p>Costs a look at the directory per sync, so it is off until {@link #watch}. Owned by the thread
 * that writes.
 */
final class WalTail {
    private final Path directory;
    private boolean watching;
    private @Nullable Path synced;
    private long syncedBytes;

    WalTail(Path directory) {
        this.directory = directory;
    }

    /** Everything is synced at this moment. */
    void watch() {
        watching = true;
        syncDone();
    }

    void syncDone() {
        if (!watching) {
            return;
        }
        try {
            synced = newest().orElse(null);
            syncedBytes = synced == null ? 0 : Files.size(synced);
        } catch (IOException e) {
            throw new EngineFailure(e);
        }
    }

    /**
     * Cuts the log at a random byte behind what was synced. The database is closed.
     *
     * @return how many bytes were lost
     */
    long lose(RandomGenerator random) throws IOException {
        Optional<Path> found = watching ? newest() : Optional.empty();
        if (found.isEmpty()) {
            return 0;
        }
        Path file = found.get();
        long size = Files.size(file);
        long kept = file.equals(synced) ? Math.min(syncedBytes, size) : 0;
        long cut = kept + random.nextLong(size - kept + 1);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(cut);
            channel.force(true);
        }
        return size - cut;
    }

    private Optional<Path> newest() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().matches("\\d+\\.log"))
                    .max(Comparator.comparing(file -> file.getFileName().toString()));
        }
    }
}
