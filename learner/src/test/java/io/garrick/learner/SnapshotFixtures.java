package io.garrick.learner;

import com.google.protobuf.ByteString;
import io.garrick.proto.raftserver.SnapshotCFFile;
import io.garrick.proto.raftserver.SnapshotMeta;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.zip.CRC32;
import org.rocksdb.CompressionType;
import org.rocksdb.EnvOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileWriter;

/** Bytes as a TiKV leader writes them. */
final class SnapshotFixtures {
    private SnapshotFixtures() {}

    static byte[] dataKey(ByteString key) {
        return ByteString.copyFromUtf8("z").concat(key).toByteArray();
    }

    static byte[] plainFile(Map<ByteString, ByteString> pairs) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        pairs.forEach((key, value) -> {
            compact(out, dataKey(key));
            compact(out, value.toByteArray());
        });
        compact(out, new byte[0]);
        return out.toByteArray();
    }

    /** One file per family as {@code meta} says; empty families have no bytes. */
    static SnapshotMeta writeFiles(
            Path directory, Map<Cf, NavigableMap<ByteString, ByteString>> data, List<byte[]> files)
            throws IOException, RocksDBException {
        SnapshotMeta.Builder meta = SnapshotMeta.newBuilder();
        for (Cf cf : Cf.values()) {
            NavigableMap<ByteString, ByteString> family = data.get(cf);
            byte[] file =
                    family == null || family.isEmpty()
                            ? new byte[0]
                            : cf == Cf.LOCK ? plainFile(family) : sst(directory, family);
            CRC32 crc = new CRC32();
            crc.update(file);
            files.add(file);
            meta.addCfFiles(
                    SnapshotCFFile.newBuilder()
                            .setCf(cf.wireName())
                            .setSize(file.length)
                            .setChecksum(file.length == 0 ? 0 : (int) crc.getValue()));
        }
        return meta.build();
    }

    private static byte[] sst(Path directory, NavigableMap<ByteString, ByteString> family)
            throws IOException, RocksDBException {
        Path path = Files.createTempFile(directory, "leader", ".sst");
        try (Options options = new Options();
                EnvOptions env = new EnvOptions();
                SstFileWriter writer = new SstFileWriter(env, options)) {
            options.setCompressionType(CompressionType.ZSTD_COMPRESSION);
            writer.open(path.toString());
            for (Map.Entry<ByteString, ByteString> pair : family.entrySet()) {
                writer.put(dataKey(pair.getKey()), pair.getValue().toByteArray());
            }
            writer.finish();
        }
        byte[] bytes = Files.readAllBytes(path);
        Files.delete(path);
        return bytes;
    }

    private static void compact(ByteArrayOutputStream out, byte[] bytes) {
        int zigzag = bytes.length << 1;
        while (zigzag >= 0x80) {
            out.write(zigzag | 0x80);
            zigzag >>>= 7;
        }
        out.write(zigzag);
        out.writeBytes(bytes);
    }
}
