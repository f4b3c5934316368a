package io.garrick.server.demo;

import io.garrick.base.Timestamp;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.TableSchema;
import io.garrick.flashkv.writer.SchemaWriter;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvException;
import io.garrick.kv.PdClient;
import io.garrick.kv.PdException;
import io.garrick.server.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * FlashKV and a replica as two child processes, started as an operator would, with the demo's
 * tables. Also what the integration tests run against. One thread drives it; queries may come from
 * many.
 */
public final class DemoCluster implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration REPLICA_TIMEOUT = Duration.ofMinutes(3);
    private static final int FLASHKV_HEAP_MIB = 640;
    private static final int REPLICA_HEAP_MIB = 768;

    /**
     * What to start.
     *
     * @param scale TPC-H scale factor
     * @param flightAddress where the replica serves; port 0 takes a free one
     * @param directory data and logs
     * @param publish whether {@code garrick sql} shall find the replica without a URL
     * @param joinPds members of a PD that runs elsewhere, for the stores and the replica to join;
     *     empty: FlashKV's own PD role
     */
    public record Settings(
            double scale,
            int stores,
            String flightAddress,
            Path directory,
            boolean publish,
            List<String> joinPds) {

        public Settings {
            joinPds = List.copyOf(joinPds);
        }

        /** What tests start: three stores, free ports, found by nobody else. */
        public static Settings ofTest(double scale, Path directory) {
            return new Settings(scale, 3, "127.0.0.1:0", directory, false, List.of());
        }
    }

    private final Settings settings;
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final Map<String, TableSchema> tables = new LinkedHashMap<>();
    private final String pdAddress;
    private final String pdHttp;
    private final PdClient pd;
    private final KvClient kv;
    private @Nullable Replica replica;

    private record Replica(
            ChildProcess process, ReplicaStatus status, ReplicaClient client, String flightUrl) {}

    /** Starts the cluster, not yet the replica. */
    public DemoCluster(Settings settings) throws IOException {
        this.settings = settings;
        try {
            ChildProcess flashkv =
                    keep(
                            ChildProcess.start(
                                    "flashkv",
                                    FLASHKV_HEAP_MIB,
                                    settings.directory().resolve("flashkv.log"),
                                    flashKvArguments()));
            this.pdAddress = flashkv.await("pd", START_TIMEOUT);
            this.pdHttp = flashkv.await("http", START_TIMEOUT);
            flashkv.await("ready", START_TIMEOUT);
            this.pd = keep(PdClient.connect(List.of(pdAddress), PdClient.Options.DEFAULT));
            this.kv = keep(KvClient.connect(pd));
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private <T extends AutoCloseable> T keep(T resource) {
        resources.push(resource);
        return resource;
    }

    /** Starts the replica, or starts it again on the same data. */
    public void startReplica() throws IOException {
        ChildProcess process =
                ChildProcess.start(
                        "server",
                        REPLICA_HEAP_MIB,
                        settings.directory().resolve("server.log"),
                        serverArguments());
        try {
            String url = "grpc://" + process.await("flight", START_TIMEOUT);
            replica =
                    new Replica(
                            process,
                            new ReplicaStatus(process.await("status", START_TIMEOUT)),
                            new ReplicaClient(url),
                            url);
        } catch (RuntimeException e) {
            process.close();
            throw e;
        }
    }

    private List<String> flashKvArguments() {
        List<String> arguments = new ArrayList<>();
        arguments.addAll(List.of("flashkv", "--stores", Integer.toString(settings.stores())));
        arguments.addAll(List.of("--data-dir", settings.directory().resolve("flashkv").toString()));
        arguments.addAll(List.of("--pd-addr", "127.0.0.1:0", "--no-sync"));
        if (!settings.joinPds().isEmpty()) {
            arguments.addAll(List.of("--join-pd", String.join(",", settings.joinPds())));
        }
        return arguments;
    }

    private List<String> serverArguments() {
        List<String> arguments = new ArrayList<>();
        arguments.addAll(List.of("server", "--pd", pdAddress));
        arguments.addAll(List.of("--data-dir", settings.directory().resolve("replica").toString()));
        arguments.addAll(List.of("--advertise-addr", "127.0.0.1:0"));
        arguments.addAll(List.of("--flight-addr", settings.flightAddress()));
        arguments.addAll(List.of("--status-addr", "127.0.0.1:0"));
        // Everything is on one machine and small: faster clocks than an operator would choose.
        arguments.addAll(List.of("--heartbeat-millis", "2000", "--raft-tick-millis", "200"));
        arguments.addAll(List.of("--schema-poll-millis", "500", "--checkpoint-millis", "3000"));
        if (!settings.publish()) {
            arguments.addAll(
                    List.of("--run-file", settings.directory().resolve("last-server").toString()));
        }
        return arguments;
    }

    /** SIGKILL: what a crash leaves is what the next start finds. */
    public void killReplica() {
        Replica running = replica();
        running.process().kill();
        closeClients(running);
        replica = null;
    }

    private static void closeClients(Replica running) {
        running.status().close();
        running.client().close();
    }

    private Replica replica() {
        Replica running = replica;
        if (running == null) {
            throw new IllegalStateException("no replica is running");
        }
        return running;
    }

    /** Creates databases and tables, each with one columnar replica. */
    public void createTables() {
        SchemaWriter schemas = new SchemaWriter(kv, pdHttp);
        schemas.createDatabase(TpchTables.DATABASE);
        schemas.createDatabase(BankTables.DATABASE);
        for (DemoTable table : demoTables()) {
            TableSchema created = schemas.createTable(table.definition());
            schemas.setReplica(created, 1);
            tables.put(created.dbName() + "." + created.name(), created);
        }
    }

    List<DemoTable> demoTables() {
        List<DemoTable> all = new ArrayList<>(TpchTables.at(settings.scale()));
        all.add(BankTables.accounts());
        all.add(BankTables.heartbeat());
        return all;
    }

    /**
     * As TiDB does: a table is available once every region of it that PD knows is on the replica.
     */
    public void awaitReplica() {
        long deadline = System.nanoTime() + REPLICA_TIMEOUT.toNanos();
        for (TableSchema table : tables.values()) {
            while (!isAvailable(table)) {
                if (System.nanoTime() > deadline) {
                    throw new UserError(
                            "the replica of "
                                    + table.name()
                                    + " was not complete in "
                                    + REPLICA_TIMEOUT.toSeconds()
                                    + " s; logs are in "
                                    + settings.directory());
                }
                Pause.millis(50);
            }
        }
    }

    private boolean isAvailable(TableSchema table) {
        try {
            var range = TableKeys.encodedRecordRange(table.physicalId());
            int expected = pd.scanRegions(range.start(), range.end(), 100_000).size();
            return expected > 0
                    && replica().status().regionsOfTable(table.physicalId()) >= expected;
        } catch (IOException | KvException | PdException e) {
            return false;
        }
    }

    /** Loads every table through transactions, without showing it. */
    public void load() {
        for (DemoTable table : demoTables()) {
            new Loader(kv, _ -> {})
                    .load(table(table.definition().dbName() + "." + table.name()), table.rows());
        }
        kv.flush();
    }

    public KvClient kv() {
        return kv;
    }

    public PdClient pd() {
        return pd;
    }

    public String flightUrl() {
        return replica().flightUrl();
    }

    /** The tables that were created, by {@code database.table}. */
    public Map<String, TableSchema> tables() {
        return Map.copyOf(tables);
    }

    TableSchema table(String name) {
        TableSchema table = tables.get(name);
        if (table == null) {
            throw new IllegalStateException("no table " + name);
        }
        return table;
    }

    /** The numbers of the replica's {@code /status}. */
    public Map<String, Long> replicaNumbers() throws IOException {
        return replica().status().numbers();
    }

    /**
     * The replica's answer, each row as a list of column values; at the newest timestamp if none is
     * given.
     */
    public List<List<@Nullable Object>> query(String sql, @Nullable Timestamp ts)
            throws IOException {
        return replica().client().query(sql, ts);
    }

    /**
     * The same query on the replica and on the cluster's own rows: empty if equal, else what
     * differs first.
     */
    public String difference(String sql, ClusterScan cluster) throws IOException, SQLException {
        return Answers.difference(query(sql, cluster.ts()), cluster.query(sql));
    }

    /** The cluster's own rows of some tables at a timestamp. The caller closes it. */
    public ClusterScan scan(Timestamp ts, Collection<TableSchema> some) throws SQLException {
        return ClusterScan.at(kv, ts, some);
    }

    @Override
    public synchronized void close() {
        Replica running = replica;
        if (running != null) {
            closeClients(running);
            running.process().close();
            replica = null;
        }
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (Exception e) {
                System.err.println("garrick: while stopping: " + e.getMessage());
            }
        }
    }
}
