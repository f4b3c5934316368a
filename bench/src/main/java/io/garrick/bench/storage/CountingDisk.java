package io.garrick.bench.storage;

import io.garrick.base.Disk;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the bytes that go to files. */
final class CountingDisk implements Disk {
    private final Disk disk;
    private final AtomicLong writtenBytes = new AtomicLong();

    CountingDisk(Disk disk) {
        this.disk = disk;
    }

    long writtenBytes() {
        return writtenBytes.get();
    }

    @Override
    public File create(Path path) throws IOException {
        File file = disk.create(path);
        return new File() {
            @Override
            public void append(ByteBuffer bytes) throws IOException {
                writtenBytes.addAndGet(bytes.remaining());
                file.append(bytes);
            }

            @Override
            public long positionBytes() {
                return file.positionBytes();
            }

            @Override
            public void sync() throws IOException {
                file.sync();
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }

    @Override
    public MemorySegment map(Path path, Arena arena) throws IOException {
        return disk.map(path, arena);
    }

    @Override
    public byte[] readAll(Path path) throws IOException {
        return disk.readAll(path);
    }

    @Override
    public boolean exists(Path path) throws IOException {
        return disk.exists(path);
    }

    @Override
    public long sizeBytes(Path path) throws IOException {
        return disk.sizeBytes(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void deleteIfExists(Path path) throws IOException {
        disk.deleteIfExists(path);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        disk.createDirectories(directory);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        return disk.list(directory);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        disk.syncDirectory(directory);
    }

    @Override
    public long freeBytes() throws IOException {
        return disk.freeBytes();
    }
}
