package io.garrick.flashkv.store;

import io.garrick.flashkv.kv.Cf;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftserver.RaftSnapshotData;
import io.garrick.proto.raftserver.SnapshotCFFile;
import io.garrick.proto.raftserver.SnapshotMeta;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.zip.CRC32;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.ChecksumType;
import org.rocksdb.CompressionType;
import org.rocksdb.EnvOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileWriter;

/**
 * Writes a region's data as TiKV's v1 snapshot files (attach-protocol 2.4).
 *
 * <p>{@code default} and {@code write} are RocksDB tables (format 2, zstd, CRC32c) of data keys;
 * {@code lock} is a plain list. An empty family has an entry of size 0 and no file.
 */
final class SnapshotBuilder {
    private static final List<Cf> WIRE_ORDER = List.of(Cf.DEFAULT, Cf.LOCK, Cf.WRITE);
    private static final long SNAPSHOT_VERSION = 2;
    private static final int BLOCK_BYTES = 32 << 10;

    private SnapshotBuilder() {}

    /** The directory is created; a failed build leaves it without its meta file. */
    static SnapshotFiles build(
            EngineSnapshot snapshot, Region region, Path directory, InstantSource clock)
            throws IOException {
        long startMillis = clock.millis();
        Files.createDirectories(directory);
        SnapshotMeta.Builder meta = SnapshotMeta.newBuilder().setStart(startMillis / 1000);
        long total = 0;
        byte[] start = DataKeys.of(region.getStartKey());
        byte[] end = DataKeys.endOf(region.getEndKey());
        for (int i = 0; i < WIRE_ORDER.size(); i++) {
            Cf cf = WIRE_ORDER.get(i);
            Path file = SnapshotFiles.path(directory, i);
            try (EngineSnapshot.Scan scan = snapshot.scan(cf, start, end)) {
                if (cf == Cf.LOCK) {
                    writePlain(scan, file);
                } else {
                    writeSst(scan, file);
                }
            }
            SnapshotCFFile described = describe(cf, file);
            total += described.getSize();
            meta.addCfFiles(described);
        }
        meta.setGenerateDurationSec((clock.millis() - startMillis) / 1000);
        SnapshotFiles files =
                new SnapshotFiles(
                        directory,
                        RaftSnapshotData.newBuilder()
                                .setRegion(region)
                                .setFileSize(total)
                                .setVersion(SNAPSHOT_VERSION)
                                .setMeta(meta)
                                .build());
        files.writeMeta();
        return files;
    }

    private static void writeSst(EngineSnapshot.Scan scan, Path file) throws IOException {
        if (!scan.seekToFirst()) {
            return;
        }
        BlockBasedTableConfig table =
                new BlockBasedTableConfig()
                        .setFormatVersion(2)
                        .setChecksumType(ChecksumType.kCRC32c)
                        .setBlockSize(BLOCK_BYTES);
        try (EnvOptions environment = new EnvOptions();
                Options options =
                        new Options()
                                .setTableFormatConfig(table)
                                .setCompressionType(CompressionType.ZSTD_COMPRESSION);
                SstFileWriter writer = new SstFileWriter(environment, options)) {
            writer.open(file.toString());
            do {
                writer.put(scan.key(), scan.value());
            } while (scan.next());
            writer.finish();
        } catch (RocksDBException e) {
            throw new IOException(e);
        }
    }

    private static void writePlain(EngineSnapshot.Scan scan, Path file) throws IOException {
        if (!scan.seekToFirst()) {
            return;
        }
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            do {
                CompactBytes.write(out, scan.key());
                CompactBytes.write(out, scan.value());
            } while (scan.next());
            CompactBytes.write(out, new byte[0]);
        }
    }

    private static SnapshotCFFile describe(Cf cf, Path file) throws IOException {
        SnapshotCFFile.Builder described = SnapshotCFFile.newBuilder().setCf(cf.family());
        if (!Files.exists(file)) {
            return described.build();
        }
        CRC32 checksum = new CRC32();
        long size = 0;
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                checksum.update(buffer, 0, read);
                size += read;
            }
        }
        return described.setSize(size).setChecksum((int) checksum.getValue()).build();
    }
}
