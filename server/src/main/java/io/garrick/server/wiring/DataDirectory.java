package io.garrick.server.wiring;

import io.garrick.server.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A data directory that this process holds alone, as long as it is open. */
public final class DataDirectory implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DataDirectory.class);

    /** Less free space than this at the start is an error: nothing could be made durable. */
    private static final long LEAST_FREE_BYTES = 64L << 20;

    private final Path root;
    private final FileChannel lockFile;
    private final FileLock lock;

    private DataDirectory(Path root, FileChannel lockFile, FileLock lock) {
        this.root = root;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /** Creates the directory if need be and locks it; every failure is a {@link UserError}. */
    public static DataDirectory open(Path root) {
        FileChannel channel = null;
        try {
            Files.createDirectories(root);
            channel =
                    FileChannel.open(
                            root.resolve("garrick.lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
            FileLock lock = tryLock(channel);
            if (lock == null) {
                channel.close();
                throw new UserError("the data directory " + root + " is in use by another process");
            }
            long free = Files.getFileStore(root).getUsableSpace();
            if (free < LEAST_FREE_BYTES) {
                channel.close();
                throw new UserError(
                        "the disk of "
                                + root
                                + " is full: "
                                + (free >> 20)
                                + " MiB left, at least "
                                + (LEAST_FREE_BYTES >> 20)
                                + " MiB needed");
            }
            return new DataDirectory(root, channel, lock);
        } catch (AccessDeniedException e) {
            throw new UserError("no permission to use the data directory " + e.getFile(), e);
        } catch (FileAlreadyExistsException e) {
            throw new UserError("the data directory " + root + " is not a directory", e);
        } catch (IOException e) {
            throw new UserError("cannot use the data directory " + root + ": " + e.getMessage(), e);
        }
    }

    private static @org.jspecify.annotations.Nullable FileLock tryLock(FileChannel channel)
            throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    public Path path(String name) {
        return root.resolve(name);
    }

    /** The length of all files below; those that vanish meanwhile do not count. */
    public long usedBytes() {
        try (Stream<Path> files = Files.walk(root)) {
            return files.mapToLong(DataDirectory::length).sum();
        } catch (IOException | UncheckedIOException e) {
            log.debug("data directory not measured", e);
            return 0;
        }
    }

    private static long length(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.size(file) : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public void close() throws IOException {
        lock.release();
        lockFile.close();
    }
}
