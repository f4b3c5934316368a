package io.garrick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.TableSchema;
import io.garrick.flashkv.FlashKv;
import io.garrick.flashkv.FlashKvConfig;
import io.garrick.flashkv.writer.TableWriter;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvEntry;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdClient;
import io.garrick.server.UserError;
import io.garrick.server.demo.DemoCluster;
import io.garrick.server.transfer.ExportManifest;
import io.garrick.server.transfer.TableExport;
import io.garrick.server.transfer.TableImport;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backup and restore: out of a replica as Parquet, into another cluster, byte for byte. */
final class ExportImportTest {
    @TempDir static Path directory;

    private static DemoCluster source;
    private static FlashKv target;
    private static PdClient targetPd;
    private static Timestamp loadedAt;

    @BeforeAll
    static void start() throws IOException {
        source = new DemoCluster(DemoCluster.Settings.ofTest(0.001, directory.resolve("source")));
        source.startReplica();
        source.createTables();
        source.awaitReplica();
        source.load();
        loadedAt = source.pd().timestamp();
        target = FlashKv.start(FlashKvConfig.of(directory.resolve("target")));
        targetPd = PdClient.connect(List.of(target.pdAddress()), PdClient.Options.DEFAULT);
    }

    @AfterAll
    static void stop() {
        if (targetPd != null) {
            targetPd.close();
        }
        if (target != null) {
            target.close();
        }
        if (source != null) {
            source.close();
        }
    }

    private static ExportManifest export(String table, Path to) throws IOException {
        return TableExport.run(
                source.pd(), source.flightUrl(), "tpch", table, Optional.of(loadedAt), to, _ -> {});
    }

    private static long load(Path from) throws IOException {
        return TableImport.run(targetPd, target.pdHttpAddress(), from, _ -> {});
    }

    /** Handle and value of every row, the table's id aside. */
    private static List<String> rows(PdClient pd, TableSchema table, Timestamp ts) {
        List<String> rows = new ArrayList<>();
        Key prefix = TableKeys.recordPrefix(table.physicalId());
        try (KvClient kv = KvClient.connect(pd)) {
            Iterator<KvEntry> all = kv.snapshot(ts).scan(TableKeys.recordRange(table.physicalId()));
            while (all.hasNext()) {
                KvEntry entry = all.next();
                byte[] key = entry.key().toBytes();
                rows.add(
                        HexFormat.of().formatHex(key, prefix.length(), key.length)
                                + "="
                                + HexFormat.of().formatHex(entry.value()));
            }
        }
        return rows;
    }

    private static TableSchema table(String name) {
        return Objects.requireNonNull(source.tables().get("tpch." + name));
    }

    @Test
    void whatIsExportedAtATimestampComesBackByteForByte() throws IOException {
        // After the timestamp: must not be in the export.
        KvTransaction later = source.kv().begin();
        new TableWriter(source.kv(), 0, table("part"))
                .put(
                        later,
                        List.of(
                                999_999L,
                                "late",
                                "m",
                                "b",
                                "t",
                                1L,
                                "c",
                                new BigDecimal("1.00"),
                                "x"));
        later.commit();
        for (String name : List.of("lineitem", "orders", "part", "nation")) {
            Path files = directory.resolve("export-" + name);
            List<String> exported = rows(source.pd(), table(name), loadedAt);
            assertThat(export(name, files).rowCount()).isEqualTo(exported.size());
            assertThat(load(files)).isEqualTo(exported.size());
            TableSchema restored = restored(files);
            assertThat(rows(targetPd, restored, targetPd.timestamp())).as(name).isEqualTo(exported);
        }
    }

    private static TableSchema restored(Path files) throws IOException {
        return TableImport.target(targetPd, files).orElseThrow();
    }

    @Test
    void aDamagedFileIsRefusedBeforeAnyRowIsLoaded() throws IOException {
        Path files = directory.resolve("damaged");
        export("supplier", files);
        Path data = files.resolve("data-0.parquet");
        byte[] bytes = Files.readAllBytes(data);
        bytes[bytes.length / 2] ^= 1;
        Files.write(data, bytes);
        assertThatThrownBy(() -> load(files))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("data-0.parquet")
                .hasMessageContaining("checksum");
        assertThat(TableImport.target(targetPd, files)).isEmpty();
        Files.delete(data);
        assertThatThrownBy(() -> load(files)).hasMessageContaining("is missing");
        Files.delete(files.resolve("manifest.json"));
        assertThatThrownBy(() -> load(files)).hasMessageContaining("is no export");
    }

    @Test
    void aSecondImportSaysThatNothingWasLoaded() throws IOException {
        Path files = directory.resolve("twice");
        export("customer", files);
        load(files);
        assertThatThrownBy(() -> load(files))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("the first 0 of 150 rows are loaded");
    }

    @Test
    void anExportNeedsAnEmptyDirectoryAndATable() throws IOException {
        Path used = Files.createDirectories(directory.resolve("used"));
        Files.writeString(used.resolve("mine.txt"), "kept");
        assertThatThrownBy(() -> export("region", used)).hasMessageContaining("is not empty");
        assertThatThrownBy(() -> export("nothing", directory.resolve("none")))
                .hasMessageContaining("no table tpch.nothing");
    }
}
