package io.garrick.schemasync;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.base.Timestamp;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.flashkv.FlashKv;
import io.garrick.flashkv.FlashKvConfig;
import io.garrick.flashkv.writer.SchemaWriter;
import io.garrick.kv.KvClient;
import io.garrick.kv.PdClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the table writer writes into a running cluster is what is read back. */
final class FollowClusterTest {
    private static final Duration NEVER = Duration.ofDays(1);

    @TempDir private Path directory;

    private OrderedStore store() throws IOException {
        return RocksStore.open(
                directory.resolve("schema"), OrderedStore.Mode.LOGGED, List.of(SchemaSync.FAMILY));
    }

    private static TableSchema definition(String name) {
        long key = FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG;
        return TableSchema.builder(0, "shop", name)
                .column(1, "id", FieldType.of(FieldType.LONGLONG, key, 20, 0))
                .column(2, "price", FieldType.of(FieldType.NEW_DECIMAL, 0, 15, 2))
                .pkIsHandle()
                .build();
    }

    @Test
    void statementsOnARunningClusterAreFollowedAndOldTimestampsKeepTheirSchema() throws Exception {
        FlashKvConfig config =
                FlashKvConfig.of(directory.resolve("cluster"))
                        .withStores(1)
                        .withSyncWrites(false)
                        .withTick(Duration.ofMillis(100));
        try (FlashKv cluster = FlashKv.start(config);
                PdClient pd =
                        PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT);
                KvClient kv = KvClient.connect(pd);
                OrderedStore store = store()) {
            SchemaWriter writer = new SchemaWriter(kv, cluster.pdHttpAddress());
            Timestamp empty = pd.timestamp();
            TableSchema first;
            Timestamp before;
            try (SchemaSync sync = SchemaSync.start(kv, store, NEVER)) {
                writer.createDatabase("shop");
                first = writer.createTable(definition("Items"));
                before = pd.timestamp();
                assertThat(sync.syncNow().find("SHOP", "items").orElseThrow().columns())
                        .isEqualTo(first.columns());
            }
            TableSchema wider =
                    writer.addColumn(
                            first, ColumnSchema.of(1, "n", FieldType.of(FieldType.LONG, 0, 11, 0)));
            TableSchema fresh = writer.truncateTable(wider);
            writer.createTable(definition("other"));
            try (SchemaSync sync = SchemaSync.start(kv, store, NEVER)) {
                SchemaView now = sync.syncNow();
                assertThat(now.tables())
                        .extracting(TableSchema::name)
                        .containsExactly("Items", "other");
                assertThat(now.byPhysicalId(fresh.physicalId()).orElseThrow().columns()).hasSize(3);
                assertThat(now.byPhysicalId(first.physicalId())).isPresent();
                assertThat(now.tombstones()).hasSize(1);
                SchemaView then = sync.at(before);
                assertThat(then.find("shop", "items").orElseThrow().columns()).hasSize(2);
                assertThat(then.find("shop", "other")).isEmpty();
                assertThat(sync.at(empty).databases()).isEmpty();
                assertThat(sync.at(pd.timestamp()).version()).isEqualTo(now.version());
            }
        }
    }
}
