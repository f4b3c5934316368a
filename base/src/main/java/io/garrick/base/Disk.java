package io.garrick.base;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * The door to files. Paths are relative to the disk's root.
 *
 * <p>What survives a crash: bytes of a file after {@link File#sync}, and a name (create, rename,
 * delete) after {@link #syncDirectory}. Nothing else is promised, and the simulated disk takes away
 * whatever was not promised.
 */
public interface Disk {
    /** Creates a file that does not exist yet and opens it for appending. */
    File create(Path path) throws IOException;

    /**
     * Maps a whole file read-only. The mapping lives as long as {@code arena}; reading it after the
     * file is deleted stays valid.
     */
    MemorySegment map(Path path, Arena arena) throws IOException;

    byte[] readAll(Path path) throws IOException;

    boolean exists(Path path) throws IOException;

    long sizeBytes(Path path) throws IOException;

    /** Atomically gives {@code from} the name {@code to}, replacing it. */
    void rename(Path from, Path to) throws IOException;

    void deleteIfExists(Path path) throws IOException;

    /** Creates the directory and its parents. */
    void createDirectories(Path directory) throws IOException;

    /** Names in the directory, sorted; empty if the directory does not exist. */
    List<String> list(Path directory) throws IOException;

    /** Makes creations, renames and deletions in this directory durable. */
    void syncDirectory(Path directory) throws IOException;

    /** Bytes the file system has left for us. */
    long freeBytes() throws IOException;

    /** A file being written, by one thread. */
    interface File extends AutoCloseable {
        void append(ByteBuffer bytes) throws IOException;

        long positionBytes();

        /** Returns once every appended byte is durable. */
        void sync() throws IOException;

        @Override
        void close() throws IOException;
    }
}
