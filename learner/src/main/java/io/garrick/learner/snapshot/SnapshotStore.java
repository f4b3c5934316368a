package io.garrick.learner.snapshot;

import io.garrick.base.CorruptFileException;
import io.garrick.learner.Cf;
import io.garrick.learner.SnapshotFiles;
import io.garrick.learner.SnapshotFiles.CfFile;
import io.garrick.proto.raftserver.SnapshotCFFile;
import io.garrick.proto.raftserver.SnapshotMeta;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Received snapshots on disk: one directory each, {@code <region>_<term>_<index>}, complete and
 * synced once it has that name. Safe for use by many threads.
 */
public final class SnapshotStore {
    private static final String UNFINISHED = "receiving-";

    /** Which snapshot it is. */
    public record Id(long regionId, long term, long index) {
        String directoryName() {
            return regionId + "_" + term + "_" + index;
        }
    }

    private final Path root;
    private final AtomicLong nextUnfinished = new AtomicLong();

    /** Removes what an earlier process had not finished receiving. */
    public SnapshotStore(Path root) throws IOException {
        this.root = root;
        Files.createDirectories(root);
        try (Stream<Path> entries = Files.list(root)) {
            for (Path entry : entries.toList()) {
                if (String.valueOf(entry.getFileName()).startsWith(UNFINISHED)) {
                    deleteTree(entry);
                }
            }
        }
    }

    public boolean has(Id id) {
        return Files.isDirectory(root.resolve(id.directoryName()));
    }

    /** The files of a received snapshot; empty if it is not here, or not as long as announced. */
    public Optional<SnapshotFiles> files(Id id, SnapshotMeta meta) throws IOException {
        Path directory = root.resolve(id.directoryName());
        List<CfFile> files = new ArrayList<>();
        for (int i = 0; i < meta.getCfFilesCount(); i++) {
            SnapshotCFFile file = meta.getCfFiles(i);
            if (file.getSize() == 0) {
                continue;
            }
            Path path = directory.resolve(fileName(i, file));
            if (!Files.exists(path) || Files.size(path) != file.getSize()) {
                return Optional.empty();
            }
            files.add(new CfFile(family(file), path, file.getSize()));
        }
        return has(id) ? Optional.of(new SnapshotFiles(files)) : Optional.empty();
    }

    public void delete(Id id) throws IOException {
        deleteTree(root.resolve(id.directoryName()));
    }

    /** Deletes what no region waits for. */
    public void keepOnly(List<Id> ids) throws IOException {
        List<String> kept = ids.stream().map(Id::directoryName).toList();
        try (Stream<Path> entries = Files.list(root)) {
            for (Path entry : entries.toList()) {
                if (!kept.contains(String.valueOf(entry.getFileName()))) {
                    deleteTree(entry);
                }
            }
        }
    }

    private static String fileName(int position, SnapshotCFFile file) {
        return position + "." + file.getCf();
    }

    private static Cf family(SnapshotCFFile file) throws CorruptFileException {
        return Cf.parse(file.getCf())
                .orElseThrow(() ->
                        new CorruptFileException(
                                "snapshot", 0, "a known column family", file.getCf()));
    }

    private static void deleteTree(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> below = Files.walk(path)) {
            for (Path entry : below.toList().reversed()) {
                Files.deleteIfExists(entry);
            }
        }
    }

    /** Starts to receive; the caller finishes or closes it. */
    public Receiving receive(Id id, SnapshotMeta meta) throws IOException {
        long total = 0;
        for (SnapshotCFFile file : meta.getCfFilesList()) {
            family(file);
            total += file.getSize();
            // Unsigned on the wire; a sum that wraps is as impossible as a negative size.
            if (file.getSize() < 0 || total < 0) {
                throw new CorruptFileException(
                        "snapshot " + id.directoryName(),
                        0,
                        "a file size",
                        Long.toUnsignedString(file.getSize()));
            }
        }
        long free = Files.getFileStore(root).getUsableSpace();
        if (total > free) {
            throw new IOException("a snapshot of " + total + " bytes, but " + free + " are free");
        }
        Path directory = root.resolve(UNFINISHED + nextUnfinished.incrementAndGet());
        Files.createDirectories(directory);
        return new Receiving(id, meta, directory);
    }

    /**
     * Cuts the sender's byte stream into files and checks them. Used by one thread at a time;
     * closed without {@link #finish} it leaves nothing behind.
     */
    public final class Receiving implements AutoCloseable {
        private final Id id;
        private final SnapshotMeta meta;
        private final Path directory;
        private final CRC32 crc = new CRC32();
        private int position = -1;
        private long missing;
        private @Nullable FileChannel file;

        private Receiving(Id id, SnapshotMeta meta, Path directory) {
            this.id = id;
            this.meta = meta;
            this.directory = directory;
        }

        public void write(ByteBuffer chunk) throws IOException {
            while (chunk.hasRemaining()) {
                if (missing == 0 && !openNext()) {
                    throw corrupt("the end of the stream", chunk.remaining() + " more bytes");
                }
                int length = (int) Math.min(missing, chunk.remaining());
                ByteBuffer part = chunk.slice(chunk.position(), length);
                crc.update(part.duplicate());
                FileChannel out = file;
                if (out == null) {
                    throw new IllegalStateException("no file is open");
                }
                while (part.hasRemaining()) {
                    out.write(part);
                }
                chunk.position(chunk.position() + length);
                missing -= length;
                if (missing == 0) {
                    closeFile();
                }
            }
        }

        private boolean openNext() throws IOException {
            do {
                position++;
                if (position >= meta.getCfFilesCount()) {
                    return false;
                }
            } while (meta.getCfFiles(position).getSize() == 0);
            SnapshotCFFile next = meta.getCfFiles(position);
            missing = next.getSize();
            crc.reset();
            file =
                    FileChannel.open(
                            directory.resolve(fileName(position, next)),
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.WRITE);
            return true;
        }

        private void closeFile() throws IOException {
            FileChannel done = file;
            file = null;
            if (done != null) {
                done.force(true);
                done.close();
            }
            int expected = meta.getCfFiles(position).getChecksum();
            if ((int) crc.getValue() != expected) {
                throw corrupt(
                        "CRC-32 " + Integer.toHexString(expected),
                        Integer.toHexString((int) crc.getValue()));
            }
        }

        private CorruptFileException corrupt(String expected, String found) {
            return new CorruptFileException(
                    "snapshot " + id.directoryName() + " file " + position, 0, expected, found);
        }

        /** All bytes have come: from here on the snapshot is known under its id. */
        public void finish() throws IOException {
            if (missing != 0 || openNext()) {
                throw corrupt("more bytes", "the end of the stream");
            }
            sync(directory);
            Path target = root.resolve(id.directoryName());
            deleteTree(target);
            Files.move(directory, target, StandardCopyOption.ATOMIC_MOVE);
            sync(root);
        }

        private static void sync(Path directory) throws IOException {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }

        @Override
        public void close() throws IOException {
            FileChannel open = file;
            file = null;
            if (open != null) {
                open.close();
            }
            deleteTree(directory);
        }
    }
}
