package io.garrick.base;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** The real file system below one root directory. Safe for use by many threads. */
public final class FileDisk implements Disk {
    private final Path root;

    public FileDisk(Path root) throws IOException {
        this.root = root;
        Files.createDirectories(root);
    }

    /** The real path behind a relative one, for libraries that open files themselves. */
    public Path resolve(Path path) {
        return root.resolve(path);
    }

    @Override
    public File create(Path path) throws IOException {
        return new ChannelFile(
                FileChannel.open(
                        resolve(path), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    @Override
    public MemorySegment map(Path path, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(resolve(path), StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    @Override
    public byte[] readAll(Path path) throws IOException {
        return Files.readAllBytes(resolve(path));
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(resolve(path));
    }

    @Override
    public long sizeBytes(Path path) throws IOException {
        return Files.size(resolve(path));
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(resolve(from), resolve(to), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void deleteIfExists(Path path) throws IOException {
        Files.deleteIfExists(resolve(path));
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        Files.createDirectories(resolve(directory));
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        if (!Files.isDirectory(resolve(directory))) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(resolve(directory))) {
            return entries.map(entry -> String.valueOf(entry.getFileName())).sorted().toList();
        }
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(resolve(directory), StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public long freeBytes() throws IOException {
        return Files.getFileStore(root).getUsableSpace();
    }

    private static final class ChannelFile implements File {
        private final FileChannel channel;
        private long position;

        ChannelFile(FileChannel channel) {
            this.channel = channel;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                position += channel.write(bytes);
            }
        }

        @Override
        public long positionBytes() {
            return position;
        }

        @Override
        public void sync() throws IOException {
            channel.force(true);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
