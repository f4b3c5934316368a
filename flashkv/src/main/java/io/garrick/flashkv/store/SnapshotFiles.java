package io.garrick.flashkv.store;

import io.garrick.proto.raftserver.RaftSnapshotData;
import io.garrick.proto.raftserver.SnapshotCFFile;
import io.garrick.proto.raftserver.SnapshotMeta;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files of one snapshot in a directory of their own, and what they hold.
 *
 * <p>One file per entry of {@code cf_files}, named by its position; {@code meta} is written last,
 * so a directory that has it is complete.
 */
record SnapshotFiles(Path directory, RaftSnapshotData data) {
    private static final String META = "meta";

    SnapshotMeta meta() {
        return data.getMeta();
    }

    List<SnapshotCFFile> files() {
        return data.getMeta().getCfFilesList();
    }

    Path path(int position) {
        return path(directory, position);
    }

    static Path path(Path directory, int position) {
        return directory.resolve(position + ".cf");
    }

    /** Where the snapshot of a region at an index lives below {@code root}. */
    static Path directory(Path root, long regionId, long term, long index) {
        return root.resolve(regionId + "_" + term + "_" + index);
    }

    void writeMeta() throws IOException {
        Files.write(directory.resolve(META), data.toByteArray());
    }

    /** All of it survives a failure of the machine, the directory's entries included. */
    void sync() throws IOException {
        List<Path> paths;
        try (Stream<Path> found = Files.list(directory)) {
            paths = found.toList();
        }
        for (Path path : paths) {
            force(path);
        }
        force(directory);
    }

    private static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    static boolean isComplete(Path directory) {
        return Files.exists(directory.resolve(META));
    }

    static SnapshotFiles read(Path directory) throws IOException {
        return new SnapshotFiles(
                directory, RaftSnapshotData.parseFrom(Files.readAllBytes(directory.resolve(META))));
    }

    void delete() {
        delete(directory);
    }

    /** Deletes a directory with all it holds; absent is fine. */
    static void delete(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
