package io.garrick.learner;

import io.garrick.learner.snapshot.SnapshotCursors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The received files of one region snapshot, sizes and checksums already checked.
 *
 * <p>{@code default} and {@code write} come as RocksDB SST files, {@code lock} as TiKV's plain
 * file; {@link #open} hides the difference. The files stay until the snapshot is installed.
 *
 * @param files in the sender's order; empty column families have none
 */
public record SnapshotFiles(List<CfFile> files) {
    public record CfFile(Cf cf, Path path, long sizeBytes) {}

    public SnapshotFiles {
        files = List.copyOf(files);
    }

    /** All pairs of the family. The caller closes the cursor. */
    public SnapshotCursor open(Cf cf) throws IOException {
        return SnapshotCursors.open(
                cf, files.stream().filter(file -> file.cf() == cf).map(CfFile::path).toList());
    }

    public long sizeBytes() {
        return files.stream().mapToLong(CfFile::sizeBytes).sum();
    }
}
