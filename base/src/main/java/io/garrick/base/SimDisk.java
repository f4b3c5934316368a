package io.garrick.base;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * {@link Disk} in memory that takes away on a {@link #crash} whatever was not promised.
 *
 * <p>Bytes of a file behind its last sync: cut at any length, and of what is left any page may be
 * as written, zero, or garbage. Names behind the last sync of their directory: each name is, by
 * itself, any of the things it has been since, so creations, renames and deletions are lost or
 * reordered; a rename may leave a file under both names, or under none.
 *
 * <p>Thread-safe.
 */
public final class SimDisk implements Disk {
    private static final int PAGE_BYTES = 4096;

    /** A file's bytes, whatever it is called. */
    private static final class Inode {
        byte[] bytes = new byte[256];
        int length;
        int syncedLength;

        Inode copyOf(int keptLength) {
            Inode copy = new Inode();
            copy.bytes = Arrays.copyOf(bytes, keptLength);
            copy.length = keptLength;
            copy.syncedLength = keptLength;
            return copy;
        }
    }

    /** Everything a name has meant since its directory was last synced, oldest first. */
    private static final class Name {
        final List<Optional<Inode>> history = new ArrayList<>();

        Name(Optional<Inode> durable) {
            history.add(durable);
        }

        Optional<Inode> now() {
            return history.getLast();
        }
    }

    /** Runs before a step that may take long, where other threads of a process would go on. */
    @FunctionalInterface
    public interface Pause {
        void before(String step, Path path) throws IOException;
    }

    private static final class Directory {
        final Map<String, Name> names = new TreeMap<>();
        boolean durable;
    }

    private final Map<Path, Directory> directories = new TreeMap<>();
    private final SimPower power;
    private Pause pause = (_, _) -> {};
    private long capacityBytes = Long.MAX_VALUE;

    /** An empty disk with power of its own. */
    public SimDisk() {
        this(new SimPower());
    }

    public SimDisk(SimPower power) {
        this.power = power;
        directory(Path.of("")).durable = true;
    }

    public SimPower power() {
        return power;
    }

    /** For interleaving: called without any lock of this disk. */
    public void onStep(Pause runs) {
        pause = runs;
    }

    /** Appends beyond this many bytes in all files together fail, as on a full disk. */
    public synchronized void limitTo(long bytes) {
        capacityBytes = bytes;
    }

    // ---- crash and damage ----

    /**
     * What the next machine finds. This disk must not be used any more.
     *
     * @param chance chooses what is lost
     * @param nextPower of the next machine
     */
    public synchronized SimDisk crash(RandomGenerator chance, SimPower nextPower) {
        SimDisk next = new SimDisk(nextPower);
        next.capacityBytes = capacityBytes;
        Map<Inode, Inode> survivors = new HashMap<>();
        directories.forEach((path, directory) -> {
            if (!survives(path, chance)) {
                return;
            }
            Directory kept = next.directory(path);
            kept.durable = true;
            directory.names.forEach((name, names) -> {
                List<Optional<Inode>> history = names.history;
                history.get(chance.nextInt(history.size()))
                        .ifPresent(inode ->
                                kept.names.put(
                                        name,
                                        new Name(
                                                Optional.of(
                                                        survivors.computeIfAbsent(
                                                                inode,
                                                                lost -> survivor(lost, chance))))));
            });
        });
        return next;
    }

    // A directory whose creation was not synced is there or not; without it, neither is its
    // content.
    private boolean survives(Path path, RandomGenerator chance) {
        for (Path at = path; at != null; at = at.getParent()) {
            Directory directory = directories.get(at);
            if (directory != null && !directory.durable && chance.nextBoolean()) {
                return false;
            }
        }
        return true;
    }

    private static Inode survivor(Inode lost, RandomGenerator chance) {
        int length =
                lost.length == lost.syncedLength
                        ? lost.length
                        : chance.nextInt(lost.syncedLength, lost.length + 1);
        Inode kept = lost.copyOf(length);
        for (int from = lost.syncedLength; from < length; ) {
            int to = Math.min(length, (from / PAGE_BYTES + 1) * PAGE_BYTES);
            switch (chance.nextInt(4)) {
                case 0 -> Arrays.fill(kept.bytes, from, to, (byte) 0);
                case 1 -> {
                    byte[] garbage = new byte[to - from];
                    chance.nextBytes(garbage);
                    System.arraycopy(garbage, 0, kept.bytes, from, garbage.length);
                }
                default -> {}
            }
            from = to;
        }
        return kept;
    }

    /** Changes one byte of a file, as bit rot would. */
    public synchronized void flip(Path path, long offset, int mask) throws IOException {
        Inode inode = existing(path);
        inode.bytes[Math.toIntExact(offset)] ^= (byte) mask;
    }

    /** Puts a file with these bytes in place, durably and without asking anyone. */
    public synchronized void plant(Path path, byte[] bytes) {
        Inode inode = new Inode();
        inode.bytes = bytes.clone();
        inode.length = bytes.length;
        inode.syncedLength = bytes.length;
        directory(parent(path)).names.put(name(path), new Name(Optional.of(inode)));
    }

    // ---- names ----

    private static Path parent(Path path) {
        return path.getParent() == null ? Path.of("") : path.getParent();
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    private Directory directory(Path path) {
        return directories.computeIfAbsent(path, _ -> new Directory());
    }

    private Directory existingDirectory(Path path) throws IOException {
        Directory directory = directories.get(path);
        if (directory == null) {
            throw new NoSuchFileException(path.toString());
        }
        return directory;
    }

    private Optional<Inode> find(Path path) {
        Directory directory = directories.get(parent(path));
        Name found = directory == null ? null : directory.names.get(name(path));
        return found == null ? Optional.empty() : found.now();
    }

    private Inode existing(Path path) throws IOException {
        return find(path).orElseThrow(() -> new NoSuchFileException(path.toString()));
    }

    private void set(Path path, Optional<Inode> inode) throws IOException {
        existingDirectory(parent(path))
                .names
                .computeIfAbsent(name(path), _ -> new Name(Optional.empty()))
                .history
                .add(inode);
    }

    private void step(String what, Path path) throws IOException {
        pause.before(what, path);
        power.step(what + " " + path);
    }

    // ---- Disk ----

    @Override
    public File create(Path path) throws IOException {
        step("create", path);
        synchronized (this) {
            if (find(path).isPresent()) {
                throw new FileAlreadyExistsException(path.toString());
            }
            Inode inode = new Inode();
            set(path, Optional.of(inode));
            return new SimFile(path, inode);
        }
    }

    @Override
    public MemorySegment map(Path path, Arena arena) throws IOException {
        byte[] bytes = readAll(path);
        MemorySegment mapped = arena.allocate(Math.max(1, bytes.length), 64);
        mapped.copyFrom(MemorySegment.ofArray(bytes));
        return mapped.asSlice(0, bytes.length).asReadOnly();
    }

    @Override
    public synchronized byte[] readAll(Path path) throws IOException {
        Inode inode = existing(path);
        return Arrays.copyOf(inode.bytes, inode.length);
    }

    @Override
    public synchronized boolean exists(Path path) {
        return directories.containsKey(path) || find(path).isPresent();
    }

    @Override
    public synchronized long sizeBytes(Path path) throws IOException {
        return existing(path).length;
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        step("rename", to);
        synchronized (this) {
            Inode inode = existing(from);
            set(to, Optional.of(inode));
            set(from, Optional.empty());
        }
    }

    @Override
    public void deleteIfExists(Path path) throws IOException {
        step("delete", path);
        synchronized (this) {
            if (find(path).isPresent()) {
                set(path, Optional.empty());
            }
        }
    }

    @Override
    public synchronized void createDirectories(Path path) {
        for (Path at = path; at != null; at = at.getParent()) {
            directory(at);
        }
    }

    @Override
    public synchronized List<String> list(Path path) {
        Directory directory = directories.get(path);
        return directory == null
                ? List.of()
                : directory.names.entrySet().stream()
                        .filter(entry -> entry.getValue().now().isPresent())
                        .map(Map.Entry::getKey)
                        .toList();
    }

    @Override
    public void syncDirectory(Path path) throws IOException {
        step("sync directory", path);
        synchronized (this) {
            Directory directory = existingDirectory(path);
            directory.names.replaceAll((_, name) -> new Name(name.now()));
            directory.names.values().removeIf(name -> name.now().isEmpty());
            directories.forEach((child, below) -> {
                if (!child.equals(path) && parent(child).equals(path)) {
                    below.durable = true;
                }
            });
        }
    }

    @Override
    public synchronized long freeBytes() {
        return capacityBytes - usedBytes();
    }

    private long usedBytes() {
        long used = 0;
        for (Directory directory : directories.values()) {
            for (Name name : directory.names.values()) {
                used += name.now().map(inode -> inode.length).orElse(0);
            }
        }
        return used;
    }

    private final class SimFile implements File {
        private final Path path;
        private final Inode inode;

        SimFile(Path path, Inode inode) {
            this.path = path;
            this.inode = inode;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            step("append", path);
            synchronized (SimDisk.this) {
                int wanted = bytes.remaining();
                boolean limited = capacityBytes != Long.MAX_VALUE;
                int room = limited ? Math.clamp(freeBytes(), 0, wanted) : wanted;
                if (inode.bytes.length < inode.length + room) {
                    inode.bytes =
                            Arrays.copyOf(
                                    inode.bytes,
                                    Math.max(inode.length + room, inode.bytes.length * 2));
                }
                bytes.get(inode.bytes, inode.length, room);
                inode.length += room;
                if (room < wanted) {
                    throw new IOException("No space left on device (simulated): " + path);
                }
            }
        }

        @Override
        public long positionBytes() {
            synchronized (SimDisk.this) {
                return inode.length;
            }
        }

        @Override
        public void sync() throws IOException {
            step("sync", path);
            synchronized (SimDisk.this) {
                inode.syncedLength = inode.length;
            }
        }

        @Override
        public void close() {}
    }
}
