package io.garrick.schemasync;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.MetaKeys;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.SchemaDiff;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SchemaSyncTest {
    private static final Duration NEVER = Duration.ofDays(1);

    @TempDir private Path directory;
    private final FakeTidb tidb = new FakeTidb();
    private OrderedStore store;
    private SchemaSync sync;

    @BeforeEach
    void open() throws IOException {
        store = RocksStore.open(directory, OrderedStore.Mode.LOGGED, List.of(SchemaSync.FAMILY));
        sync = SchemaSync.start(tidb, store, NEVER);
    }

    @AfterEach
    void close() throws IOException {
        sync.close();
        store.close();
    }

    private void restart() throws IOException {
        close();
        open();
    }

    /** Tables by id, database name and documents included. */
    private static Map<Long, TableSchema> tables(SchemaView view) {
        Map<Long, TableSchema> tables = new TreeMap<>();
        view.tables().forEach(table -> tables.put(table.logicalId(), table));
        return tables;
    }

    private void expectInStep() {
        SchemaView view = sync.syncNow();
        assertThat(view.version()).isEqualTo(tidb.schemaVersion);
        assertThat(tables(view)).isEqualTo(tidb.tables);
    }

    @Test
    void anEmptyClusterHasNoTables() {
        assertThat(sync.syncNow().version()).isZero();
        assertThat(sync.current().databases()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"True,True,true", "True,False,false", "True,,false", ",,true"})
    void theClusterSaysWhetherKeysHoldSortKeys(
            @Nullable String bootstrapped, @Nullable String enabled, boolean expected)
            throws IOException {
        Map<String, String> settings = new TreeMap<>(Map.of("tikv_gc_life_time", "10m0s"));
        if (bootstrapped != null) {
            settings.put("bootstrapped", bootstrapped);
        }
        if (enabled != null) {
            settings.put("new_collation_enabled", enabled);
        }
        tidb.writeSettings(settings);
        tidb.createTable(tidb.createDatabase("shop"), "orders", 2);
        for (int start = 0; start < 2; start++) {
            assertThat(sync.syncNow().tables())
                    .hasSize(2)
                    .allMatch(table -> table.newCollation() == expected);
            tidb.reachable = false;
            restart();
            assertThat(sync.current().tables()).hasSize(2);
            tidb.reachable = true;
        }
    }

    @Test
    void tablesAreFoundByNameInAnyCaseAndByPhysicalId() {
        DbSchema db = tidb.createDatabase("Shop");
        TableSchema orders = tidb.createTable(db, "Orders", 0);
        TableSchema parted = tidb.createTable(db, "items", 2);
        expectInStep();
        SchemaView view = sync.current();
        assertThat(view.find("shop", "ORDERS")).contains(orders);
        assertThat(view.find("shop", "nothing")).isEmpty();
        assertThat(view.byPhysicalId(orders.logicalId())).contains(orders);
        long partition = parted.readablePhysicalIds().get(1);
        assertThat(view.byPhysicalId(partition)).contains(parted.forPartition(partition));
        assertThat(view.byPhysicalId(parted.logicalId())).isEmpty();
        assertThat(view.databases())
                .containsExactly(
                        new SchemaView.Database(
                                db.id(),
                                "Shop",
                                db.charset(),
                                db.collate(),
                                List.of(parted, orders)));
    }

    @Test
    void aDroppedTableIsHiddenByNameButKeptByIdUntilItIsForgotten() throws IOException {
        DbSchema db = tidb.createDatabase("d");
        TableSchema table = tidb.createTable(db, "t", 2);
        expectInStep();
        tidb.dropTable(table);
        expectInStep();
        restart();
        long partition = table.readablePhysicalIds().getFirst();
        assertThat(sync.current().find("d", "t")).isEmpty();
        assertThat(sync.current().byPhysicalId(partition)).contains(table.forPartition(partition));
        assertThat(sync.current().tombstones()).hasSize(2);
        sync.forgetDropped(sync.current().tombstones().iterator().next().droppedAt());
        assertThat(sync.current().tombstones()).hasSize(2);
        sync.forgetDropped(tidb.now());
        assertThat(sync.current().byPhysicalId(partition)).isEmpty();
        tidb.recoverTable(table);
        expectInStep();
        assertThat(sync.current().find("d", "t")).contains(table);
        assertThat(sync.current().tombstones()).isEmpty();
    }

    @Test
    void theSchemaSurvivesARestartWithoutTheCluster() throws IOException {
        DbSchema db = tidb.createDatabase("d");
        TableSchema table = tidb.createTable(db, "t", 3);
        expectInStep();
        tidb.reachable = false;
        restart();
        assertThat(tables(sync.current())).isEqualTo(tidb.tables);
        assertThat(sync.current().find("d", "t")).contains(table);
        assertThatThrownBy(sync::syncNow).hasMessageContaining("unreachable");
        tidb.reachable = true;
        expectInStep();
    }

    @Test
    void theViewAtATimestampIsTheOneThatWasValidThen() throws IOException {
        DbSchema db = tidb.createDatabase("d");
        TableSchema first = tidb.createTable(db, "t", 0);
        Timestamp before = tidb.now();
        tidb.addColumn(first);
        Timestamp between = tidb.now();
        tidb.truncate(tidb.tables.getOrDefault(first.logicalId(), first));
        Timestamp after = tidb.now();
        for (int round = 0; round < 2; round++) {
            assertThat(sync.at(before).find("d", "t")).contains(first);
            assertThat(sync.at(between).find("d", "t").orElseThrow().columns()).hasSize(2);
            assertThat(sync.at(after).find("d", "t").orElseThrow().logicalId())
                    .isNotEqualTo(first.logicalId());
            assertThat(sync.at(new Timestamp(1)).databases()).isEmpty();
            expectInStep();
            restart();
        }
    }

    @Test
    void aDiffStillToBeWrittenIsWaitedForAndAMissingOneBeforeItSkipped() {
        DbSchema db = tidb.createDatabase("d");
        expectInStep();
        tidb.bumpVersion(); // this change fails and never writes its diff
        tidb.bumpVersion(); // this one is about to
        assertThat(sync.syncNow().version()).isEqualTo(tidb.schemaVersion - 1);
        assertThat(sync.at(tidb.now()).version()).isEqualTo(tidb.schemaVersion - 1);
        tidb.createTable(db, "t", 0);
        expectInStep();
    }

    @Test
    void aDiffThatAsksForItLoadsEverythingAnew() {
        DbSchema db = tidb.createDatabase("d");
        TableSchema gone = tidb.createTable(db, "gone", 0);
        expectInStep();
        tidb.dropTable(gone);
        tidb.createTable(db, "t", 0);
        tidb.writeDiff(
                new SchemaDiff(
                        tidb.schemaVersion, 62, 0, 0, 0, 0, true, false, List.of(), List.of()));
        expectInStep();
        assertThat(sync.current().byPhysicalId(gone.logicalId())).contains(gone);
        tidb.createTable(db, "u", 0);
        tidb.writeDiff(
                new SchemaDiff(
                        tidb.schemaVersion, 999, 0, 0, 0, 0, false, false, List.of(), List.of()));
        expectInStep();
    }

    @Test
    void anUnreadableTableDoesNotHideTheOthers() {
        DbSchema db = tidb.createDatabase("d");
        tidb.put(MetaKeys.table(db.id(), 77), "{\"id\":".getBytes(UTF_8));
        tidb.put(
                MetaKeys.table(db.id(), 78),
                "{\"id\":78,\"name\":{\"O\":\"v\",\"L\":\"v\"},\"cols\":[],\"view\":{}}"
                        .getBytes(UTF_8));
        tidb.put(MetaKeys.autoTableId(db.id(), 79), "5".getBytes(UTF_8));
        tidb.createTable(db, "t", 0);
        expectInStep();
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 6, 7, 12, 15, 19, 20, 22, 25, 30, 31, 32, 61, 64, 73, 75})
    void everyActionOnOneTableReadsItAnew(int action) {
        DbSchema db = tidb.createDatabase("d");
        TableSchema table = tidb.createTable(db, "t", 0);
        expectInStep();
        tidb.addColumn(table);
        tidb.diff(action, db.id(), table.logicalId(), 0, 0, List.of());
        expectInStep();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 21, 24, 34, 35, 36, 51, 52, 53, 68, 69, 70})
    void actionsThatConcernNoTableChangeNothing(int action) {
        DbSchema db = tidb.createDatabase("d");
        TableSchema table = tidb.createTable(db, "t", 0);
        expectInStep();
        tidb.bumpVersion();
        // Policies and resource groups have ids of their own, which may look like a table's.
        tidb.diff(action, db.id(), table.logicalId(), 0, 0, List.of());
        expectInStep();
        assertThat(sync.current().tombstones()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20261121})
    void followingDifferencesEndsWhereAFullLoadDoes(long seed) throws IOException {
        RandomGenerator random = new java.util.Random(seed);
        List<TableSchema> dropped = new ArrayList<>();
        tidb.createDatabase("d0");
        for (int step = 0; step < 200; step++) {
            statement(random, dropped);
            switch (random.nextInt(18)) {
                case 0, 1, 2, 3, 4, 5 -> expectSame(seed, step);
                case 6 -> {
                    restart();
                    expectSame(seed, step);
                }
                default -> {}
            }
        }
        expectSame(seed, -1);
    }

    private void expectSame(long seed, int step) {
        expectInStep();
        for (TableSchema table : tidb.tables.values()) {
            for (long id : table.allPhysicalIds()) {
                assertThat(sync.current().byPhysicalId(id).map(TableSchema::logicalId))
                        .as("seed %d step %d", seed, step)
                        .contains(table.logicalId());
            }
        }
        assertThat(sync.current().tombstones())
                .as("seed %d step %d", seed, step)
                .noneMatch(tombstone ->
                        tidb.tables.values().stream()
                                .anyMatch(table ->
                                        table.allPhysicalIds()
                                                .contains(tombstone.table().physicalId())));
    }

    private void statement(RandomGenerator random, List<TableSchema> dropped) {
        List<DbSchema> databases = List.copyOf(tidb.databases.values());
        DbSchema db = databases.get(random.nextInt(databases.size()));
        String name = "t" + random.nextInt(1_000_000);
        Optional<TableSchema> plain = any(random, false);
        Optional<TableSchema> parted = any(random, true);
        switch (random.nextInt(14)) {
            case 0 -> tidb.createDatabase("d" + random.nextInt(1_000_000));
            case 1 -> {
                if (databases.size() > 1 && random.nextInt(3) == 0) {
                    tidb.dropDatabase(db);
                    dropped.clear();
                }
            }
            case 2, 3 -> tidb.createTable(db, name, 0);
            case 4 -> tidb.createTable(db, name, 1 + random.nextInt(3));
            case 5 ->
                    plain.ifPresent(table -> {
                        tidb.dropTable(table);
                        dropped.add(table);
                    });
            case 6 -> parted.ifPresent(tidb::truncate);
            case 7 -> plain.ifPresent(tidb::truncate);
            case 8 -> plain.ifPresent(table -> tidb.rename(table, db, name));
            case 9 -> parted.ifPresent(tidb::addPartition);
            case 10 -> parted.ifPresent(tidb::truncatePartition);
            case 11 -> parted.ifPresent(p -> plain.ifPresent(q -> tidb.exchange(p, q)));
            case 12 -> plain.ifPresent(p -> parted.ifPresent(q -> tidb.renameBoth(p, q)));
            default -> {
                if (dropped.isEmpty()) {
                    plain.ifPresent(tidb::addColumn);
                } else {
                    tidb.recoverTable(dropped.removeLast());
                }
            }
        }
    }

    private Optional<TableSchema> any(RandomGenerator random, boolean partitioned) {
        List<TableSchema> tables =
                tidb.tables.values().stream()
                        .filter(table -> table.isPartitioned() == partitioned)
                        .toList();
        return tables.isEmpty()
                ? Optional.empty()
                : Optional.of(tables.get(random.nextInt(tables.size())));
    }
}
