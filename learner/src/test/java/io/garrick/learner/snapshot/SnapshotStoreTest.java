package io.garrick.learner.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.CorruptFileException;
import io.garrick.learner.Cf;
import io.garrick.learner.SnapshotCursor;
import io.garrick.learner.SnapshotFiles;
import io.garrick.proto.raftserver.SnapshotCFFile;
import io.garrick.proto.raftserver.SnapshotMeta;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.CompressionType;
import org.rocksdb.EnvOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileWriter;

final class SnapshotStoreTest {
    private static final SnapshotStore.Id ID = new SnapshotStore.Id(7, 6, 42);

    @TempDir Path directory;
    private SnapshotStore store;

    @BeforeEach
    void open() throws IOException {
        RocksDB.loadLibrary();
        store = new SnapshotStore(directory.resolve("snap"));
    }

    private byte[] sst(String... pairs) throws IOException, RocksDBException {
        Path path = Files.createTempFile(directory, "made", ".sst");
        try (Options options = new Options();
                EnvOptions env = new EnvOptions()) {
            options.setCompressionType(CompressionType.ZSTD_COMPRESSION);
            try (SstFileWriter writer = new SstFileWriter(env, options)) {
                writer.open(path.toString());
                for (int i = 0; i < pairs.length; i += 2) {
                    writer.put(bytes("z" + pairs[i]), bytes(pairs[i + 1]));
                }
                writer.finish();
            }
        }
        return Files.readAllBytes(path);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static SnapshotCFFile file(Cf cf, byte[] content) {
        CRC32 crc = new CRC32();
        crc.update(content);
        return SnapshotCFFile.newBuilder()
                .setCf(cf.wireName())
                .setSize(content.length)
                .setChecksum(content.length == 0 ? 0 : (int) crc.getValue())
                .build();
    }

    private static byte[] concat(byte[]... parts) {
        int size = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        ByteBuffer all = ByteBuffer.allocate(size);
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }

    private void receive(SnapshotMeta meta, byte[] stream, int chunkBytes) throws IOException {
        try (SnapshotStore.Receiving receiving = store.receive(ID, meta)) {
            for (int at = 0; at < stream.length; at += chunkBytes) {
                receiving.write(
                        ByteBuffer.wrap(stream, at, Math.min(chunkBytes, stream.length - at)));
            }
            receiving.finish();
        }
    }

    private static List<String> read(SnapshotFiles files, Cf cf) throws IOException {
        List<String> pairs = new ArrayList<>();
        try (SnapshotCursor cursor = files.open(cf)) {
            while (cursor.next()) {
                pairs.add(
                        new String(cursor.key(), StandardCharsets.UTF_8)
                                + "="
                                + new String(cursor.value(), StandardCharsets.UTF_8));
            }
        }
        return pairs;
    }

    private List<String> leftovers() throws IOException {
        try (Stream<Path> entries = Files.list(directory.resolve("snap"))) {
            return entries.map(entry -> String.valueOf(entry.getFileName())).toList();
        }
    }

    // "zk" -> "50" and the end mark, as TiKV's plain files have it.
    private static final byte[] LOCKS = {4, 'z', 'k', 4, '5', '0', 0};

    @Test
    void filesAreCutWhereTheyEndHoweverTheStreamIsChunked() throws Exception {
        byte[] first = sst("a", "1", "b", "2");
        byte[] second = sst("c", "3");
        byte[] stream = concat(LOCKS, first, second);
        SnapshotMeta meta =
                SnapshotMeta.newBuilder()
                        .addCfFiles(file(Cf.DEFAULT, new byte[0]))
                        .addCfFiles(file(Cf.LOCK, LOCKS))
                        .addCfFiles(file(Cf.WRITE, first))
                        .addCfFiles(file(Cf.WRITE, second))
                        .build();
        for (int chunk : new int[] {1, 6, 7, 8, 1000, stream.length}) {
            receive(meta, stream, chunk);
            SnapshotFiles files = store.files(ID, meta).orElseThrow();
            assertThat(read(files, Cf.DEFAULT)).isEmpty();
            assertThat(read(files, Cf.LOCK)).containsExactly("k=50");
            assertThat(read(files, Cf.WRITE)).containsExactly("a=1", "b=2", "c=3");
        }
        store.delete(ID);
        assertThat(store.files(ID, meta)).isEmpty();
        assertThat(leftovers()).isEmpty();
    }

    @Test
    void anEmptyRegionHasNoFiles() throws Exception {
        SnapshotMeta meta =
                SnapshotMeta.newBuilder().addCfFiles(file(Cf.WRITE, new byte[0])).build();
        receive(meta, new byte[0], 1);
        assertThat(store.files(ID, meta).orElseThrow().files()).isEmpty();
    }

    @Test
    void wrongBytesTooFewAndTooManyAreRefusedAndLeaveNothing() throws Exception {
        SnapshotMeta meta = SnapshotMeta.newBuilder().addCfFiles(file(Cf.LOCK, LOCKS)).build();
        byte[] flipped = LOCKS.clone();
        flipped[1] ^= 1;
        for (byte[] bad :
                List.of(
                        flipped,
                        Arrays.copyOf(LOCKS, LOCKS.length - 1),
                        Arrays.copyOf(LOCKS, LOCKS.length + 1),
                        new byte[0])) {
            assertThatThrownBy(() -> receive(meta, bad, 3))
                    .isInstanceOf(CorruptFileException.class);
            assertThat(store.has(ID)).isFalse();
            assertThat(leftovers()).isEmpty();
        }
    }

    @Test
    void whatAnEarlierProcessDidNotFinishIsRemoved() throws Exception {
        SnapshotMeta meta = SnapshotMeta.newBuilder().addCfFiles(file(Cf.LOCK, LOCKS)).build();
        store.receive(ID, meta).write(ByteBuffer.wrap(LOCKS, 0, 3));
        assertThat(leftovers()).hasSize(1);
        store = new SnapshotStore(directory.resolve("snap"));
        assertThat(leftovers()).isEmpty();
    }

    @Test
    void aFileThatRotsAfterwardsIsNoticedWhenRead() throws Exception {
        byte[] sst = sst("a", "1".repeat(5000), "b", "2".repeat(5000));
        SnapshotMeta meta = SnapshotMeta.newBuilder().addCfFiles(file(Cf.WRITE, sst)).build();
        receive(meta, sst, 100);
        SnapshotFiles files = store.files(ID, meta).orElseThrow();
        byte[] rotten = sst.clone();
        rotten[3] ^= 1;
        Files.write(files.files().getFirst().path(), rotten);
        assertThatThrownBy(() -> read(files, Cf.WRITE)).isInstanceOf(CorruptFileException.class);
    }

    @Test
    void aPlainFileThatEndsEarlyIsNoticed() throws Exception {
        Path file = directory.resolve("locks");
        for (int length = 0; length < LOCKS.length; length++) {
            Files.write(file, Arrays.copyOf(LOCKS, length));
            try (SnapshotCursor cursor = SnapshotCursors.open(Cf.LOCK, List.of(file))) {
                assertThatThrownBy(
                                () -> {
                                    while (cursor.next()) {
                                        assertThat(cursor.key()).isNotEmpty();
                                    }
                                })
                        .isInstanceOf(CorruptFileException.class);
            }
        }
    }
}
