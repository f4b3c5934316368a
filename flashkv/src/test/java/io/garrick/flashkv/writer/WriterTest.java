package io.garrick.flashkv.writer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.MetaKeys;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.PartitionSchema;
import io.garrick.codec.schema.SchemaDiffJson;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import io.garrick.flashkv.FlashKv;
import io.garrick.flashkv.FlashKvConfig;
import io.garrick.kv.KeyExistsException;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvEntry;
import io.garrick.kv.KvException;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdClient;
import io.garrick.kv.WriteConflictException;
import io.garrick.proto.meta.Store;
import io.garrick.proto.meta.StoreLabel;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Client and writer against a real embedded cluster of three stores. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class WriterTest {
    private static final long KEY = FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG;

    private FlashKv cluster;
    private PdClient pd;
    private KvClient kv;
    private SchemaWriter schemas;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        cluster =
                FlashKv.start(
                        FlashKvConfig.of(directory)
                                .withSyncWrites(false)
                                .withTick(Duration.ofMillis(100))
                                .withHeartbeatInterval(Duration.ofSeconds(1)));
        pd = PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT);
        kv = KvClient.connect(pd);
        schemas = new SchemaWriter(kv, cluster.pdHttpAddress());
    }

    @AfterAll
    void stop() throws IOException {
        kv.close();
        pd.close();
        cluster.close();
    }

    private static TableSchema items(String db, String name) {
        return TableSchema.builder(0, db, name)
                .column(1, "id", FieldType.of(FieldType.LONGLONG, KEY, 20, 0))
                .column(2, "name", FieldType.text(FieldType.VARCHAR, 0, 64, FieldType.UTF8MB4_BIN))
                .column(3, "price", FieldType.of(FieldType.NEW_DECIMAL, 0, 15, 2))
                .column(4, "day", FieldType.of(FieldType.DATE, 0, 10, 0))
                .pkIsHandle()
                .build();
    }

    private static List<Object> item(long id) {
        return List.of(id, "item " + id, new BigDecimal(id + ".25"), LocalDate.of(2024, 2, 29));
    }

    private List<KvEntry> rows(long physicalId, Timestamp ts) {
        List<KvEntry> found = new ArrayList<>();
        Iterator<KvEntry> entries = kv.snapshot(ts).scan(TableKeys.recordRange(physicalId));
        entries.forEachRemaining(found::add);
        return found;
    }

    private long schemaVersion() {
        return kv.snapshot(pd.timestamp())
                .get(MetaKeys.schemaVersion())
                .map(MetaKeys::decimalValue)
                .orElse(0L);
    }

    @Test
    void everyStatementLeavesItsDescriptionItsVersionAndItsDifference() {
        DbSchema db = schemas.createDatabase("ddl");
        assertThat(schemas.createDatabase("DDL")).isEqualTo(db);
        long before = schemaVersion();
        TableSchema table = schemas.createTable(items("ddl", "Items"));
        assertThatThrownBy(() -> schemas.createTable(items("ddl", "items")))
                .hasMessageContaining("already exists");
        assertThat(table.logicalId()).isGreaterThan(db.id());
        TableSchema wider =
                schemas.addColumn(
                        table,
                        ColumnSchema.of(
                                        9,
                                        "stock",
                                        FieldType.of(
                                                FieldType.LONG, FieldType.NOT_NULL_FLAG, 11, 0))
                                .withOriginDefault("7"));
        assertThat(wider.columns().getLast().id()).isEqualTo(5);
        TableSchema narrower = schemas.dropColumn(wider, "name");
        assertThat(narrower.columns()).extracting(ColumnSchema::id).containsExactly(1L, 3L, 4L, 5L);
        TableSchema renamed = schemas.renameTable(narrower, "ddl", "things");
        TableSchema fresh = schemas.truncateTable(renamed);
        assertThat(fresh.logicalId()).isNotEqualTo(renamed.logicalId());
        assertThat(schemaVersion()).isEqualTo(before + 5);
        var snapshot = kv.snapshot(pd.timestamp());
        List<Integer> actions = new ArrayList<>();
        for (long version = before + 1; version <= before + 5; version++) {
            actions.add(
                    SchemaDiffJson.parse(snapshot.get(MetaKeys.diff(version)).orElseThrow())
                            .type());
        }
        assertThat(actions).containsExactly(3, 5, 6, 14, 11);
        TableSchema stored =
                TableInfoJson.parse(
                        "ddl",
                        snapshot.get(MetaKeys.table(db.id(), fresh.logicalId())).orElseThrow());
        assertThat(stored.name()).isEqualTo("things");
        assertThat(stored.columns()).isEqualTo(fresh.columns());
        schemas.dropDatabase("ddl");
        assertThat(kv.snapshot(pd.timestamp()).get(MetaKeys.database(db.id()))).isEmpty();
    }

    @Test
    void aReplicaIsAskedForByARuleForEachPhysicalTable() throws Exception {
        schemas.createDatabase("rules");
        PartitionSchema partition =
                new PartitionSchema(
                        1,
                        "`id`",
                        List.of(),
                        true,
                        List.of(
                                new PartitionSchema.Definition(0, "p0", List.of("10"), List.of()),
                                new PartitionSchema.Definition(
                                        0, "p1", List.of("MAXVALUE"), List.of())),
                        List.of(),
                        List.of());
        TableSchema table =
                schemas.createTable(
                        items("rules", "parted").toBuilder().partition(partition).build());
        assertThat(table.allPhysicalIds()).hasSize(2).doesNotHaveDuplicates();
        // PD refuses a rule that no store could ever satisfy.
        pd.putStore(
                Store.newBuilder()
                        .setId(pd.allocId())
                        .setAddress("127.0.0.1:1")
                        .setPeerAddress("127.0.0.1:2")
                        .setVersion(pd.getAllStores().getFirst().getVersion())
                        .addLabels(StoreLabel.newBuilder().setKey("engine").setValue("tiflash"))
                        .build());
        assertThat(schemas.setReplica(table, 1).replicaCount()).isEqualTo(1);
        String rules =
                "http://" + cluster.pdHttpAddress() + "/pd/api/v1/config/rules/group/tiflash";
        HttpResponse<String> listed =
                HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(URI.create(rules)).build(),
                                HttpResponse.BodyHandlers.ofString());
        for (long id : table.allPhysicalIds()) {
            assertThat(listed.body()).contains("table-" + id + "-r");
        }
        schemas.setReplica(table, 0);
    }

    @Test
    void rowsAreWrittenChangedAndRemovedUnderTheirKeys() {
        DbSchema db = schemas.createDatabase("rows");
        TableSchema table = schemas.createTable(items("rows", "items"));
        TableWriter writer = new TableWriter(kv, db.id(), table);
        KvTransaction load = kv.begin();
        for (long id = -2; id < 1_000; id++) {
            writer.insert(load, item(id));
        }
        Timestamp loaded = load.commit();
        assertThat(rows(table.physicalId(), loaded))
                .hasSize(1_002)
                .extracting(entry -> RecordKey.parse(entry.key()).intHandle())
                .isSorted()
                .startsWith(-2L, -1L, 0L);
        KvTransaction again = kv.begin();
        writer.insert(again, item(5));
        assertThatThrownBy(again::commit).isInstanceOf(KeyExistsException.class);
        KvTransaction change = kv.begin();
        writer.update(change, item(5), item(5_000));
        writer.put(change, item(6));
        writer.delete(change, item(7));
        Timestamp changed = change.commit();
        assertThat(rows(table.physicalId(), changed)).hasSize(1_001);
        assertThat(rows(table.physicalId(), loaded)).hasSize(1_002);
        assertThat(kv.snapshot(changed).get(TableKeys.recordKey(table.physicalId(), 5_000)))
                .isPresent();
    }

    @Test
    void clusteredAndCountedHandlesAreWrittenAsTidbDoes() {
        DbSchema db = schemas.createDatabase("handles");
        TableSchema lines =
                schemas.createTable(
                        TableSchema.builder(0, "handles", "lineitem")
                                .column(
                                        1,
                                        "l_orderkey",
                                        FieldType.of(FieldType.LONGLONG, KEY, 20, 0))
                                .column(2, "l_linenumber", FieldType.of(FieldType.LONG, KEY, 11, 0))
                                .column(
                                        3,
                                        "l_comment",
                                        FieldType.text(
                                                FieldType.VARCHAR, 0, 44, FieldType.UTF8MB4_BIN))
                                .commonHandle("l_orderkey", "l_linenumber")
                                .build());
        TableSchema counted =
                schemas.createTable(
                        TableSchema.builder(0, "handles", "log")
                                .column(
                                        1,
                                        "line",
                                        FieldType.text(
                                                FieldType.VARCHAR, 0, 44, FieldType.UTF8MB4_BIN))
                                .build());
        TableWriter lineWriter = new TableWriter(kv, db.id(), lines);
        TableWriter logWriter = new TableWriter(kv, db.id(), counted);
        KvTransaction txn = kv.begin();
        for (long order = 1; order <= 3; order++) {
            for (long line = 1; line <= 2; line++) {
                lineWriter.insert(txn, List.of(order, line, "text"));
            }
        }
        assertThat(logWriter.insert(txn, List.of("a"))).isEqualTo(1);
        assertThat(logWriter.insert(txn, List.of("b"))).isEqualTo(2);
        Timestamp ts = txn.commit();
        assertThat(rows(lines.physicalId(), ts)).hasSize(6);
        // Flag 3 and eight bytes for each of the two numbers (tidb-encoding, common handle).
        assertThat(rows(lines.physicalId(), ts).getFirst().key())
                .isEqualTo(
                        Key.ofHex(
                                TableKeys.recordPrefix(lines.physicalId())
                                        + "038000000000000001"
                                        + "038000000000000001"));
        assertThat(rows(counted.physicalId(), ts)).hasSize(2);
        TableWriter another = new TableWriter(kv, db.id(), counted);
        KvTransaction later = kv.begin();
        assertThat(another.insert(later, List.of("c"))).isEqualTo(30_001);
        later.rollback();
    }

    /** Money moves while regions are split by hand and one store is down for a while. */
    @Test
    void transactionsKeepTheirSumWhileRegionsSplitAndAStoreRestarts() throws Exception {
        long seed = 42;
        int accounts = 20;
        KvTransaction setup = kv.begin();
        for (int i = 0; i < accounts; i++) {
            setup.put(account(i), MetaKeys.decimalText(100));
        }
        setup.commit();
        AtomicInteger committed = new AtomicInteger();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> workers = new ArrayList<>();
            for (int w = 0; w < 3; w++) {
                RandomGenerator random = new java.util.Random(seed + w);
                workers.add(
                        executor.submit(() -> {
                            for (int i = 0; i < 60; i++) {
                                if (transfer(random, accounts)) {
                                    committed.incrementAndGet();
                                }
                                assertThat(total(accounts))
                                        .as("seed %d", seed)
                                        .isEqualTo(accounts * 100L);
                            }
                        }));
            }
            kv.splitRegions(List.of(account(5), account(10)));
            kv.splitRegions(List.of(account(15)));
            cluster.stopStore(2);
            cluster.startStore(2);
            for (Future<?> worker : workers) {
                worker.get();
            }
        }
        kv.flush();
        assertThat(total(accounts)).isEqualTo(accounts * 100L);
        assertThat(committed.get()).isGreaterThan(50);
    }

    private static Key account(int i) {
        return Key.wrap("zaccount%02d".formatted(i).getBytes(UTF_8));
    }

    private long total(int accounts) {
        long sum = 0;
        KeyRange range = new KeyRange(account(0), account(accounts));
        for (Iterator<KvEntry> i = kv.snapshot(pd.timestamp()).scan(range); i.hasNext(); ) {
            sum += MetaKeys.decimalValue(i.next().value());
        }
        return sum;
    }

    private boolean transfer(RandomGenerator random, int accounts) {
        KvTransaction txn = kv.begin();
        Key from = account(random.nextInt(accounts));
        Key to = account(random.nextInt(accounts));
        if (from.equals(to)) {
            txn.rollback();
            return false;
        }
        for (Key key : List.of(from, to)) {
            long balance = MetaKeys.decimalValue(txn.get(key).orElseThrow());
            txn.put(key, MetaKeys.decimalText(key.equals(from) ? balance - 1 : balance + 1));
        }
        try {
            txn.commit();
            return true;
        } catch (WriteConflictException e) {
            return false;
        } catch (KvException e) {
            throw new AssertionError("a transfer failed", e);
        }
    }
}
