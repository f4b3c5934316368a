package io.garrick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Timestamp;
import io.garrick.server.demo.ClusterScan;
import io.garrick.server.demo.DemoCluster;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGKILL of the replica in the middle of a load, again and again, in processes of their own. */
class CrashDuringLoadTest {
    private static final double SCALE = 0.005;
    private static final int KILLS = 3;

    private static final Map<String, String> EVERY_ROW =
            Map.of(
                    "tpch.lineitem",
                    "select l_orderkey, l_linenumber, l_partkey, l_suppkey, l_quantity,"
                        + " l_extendedprice, l_discount, l_tax, l_returnflag, l_linestatus,"
                        + " l_shipdate, l_commitdate, l_receiptdate, l_shipinstruct, l_shipmode,"
                        + " l_comment from tpch.lineitem",
                    "tpch.orders",
                    "select o_orderkey, o_custkey, o_orderstatus, o_totalprice, o_orderdate,"
                        + " o_orderpriority, o_clerk, o_shippriority, o_comment from tpch.orders",
                    "bank.accounts",
                    "select id, owner, balance from bank.accounts");

    @Test
    void aReplicaKilledInTheMiddleOfALoadLosesNoRowAndDoublesNone(@TempDir Path directory)
            throws Exception {
        try (DemoCluster cluster = new DemoCluster(DemoCluster.Settings.ofTest(SCALE, directory))) {
            cluster.startReplica();
            cluster.createTables();
            cluster.awaitReplica();
            CompletableFuture<Void> load = CompletableFuture.runAsync(cluster::load);
            int killed = 0;
            for (int i = 0; i < KILLS; i++) {
                // A moment later each time: in the first tables, then further on.
                TimeUnit.MILLISECONDS.sleep(1500);
                if (!load.isDone()) {
                    killed++;
                }
                cluster.killReplica();
                cluster.startReplica();
            }
            load.get(5, TimeUnit.MINUTES);
            assertThat(killed).as("kills while rows were being committed").isPositive();
            cluster.awaitReplica();

            Timestamp ts = cluster.pd().timestamp();
            try (ClusterScan rows = cluster.scan(ts, cluster.tables().values())) {
                for (Map.Entry<String, String> table : EVERY_ROW.entrySet()) {
                    assertThat(cluster.difference(table.getValue(), rows))
                            .as("every row of %s at %s", table.getKey(), ts)
                            .isEmpty();
                }
                for (String table : cluster.tables().keySet()) {
                    assertThat(cluster.difference("select count(*) from " + table, rows))
                            .as("rows of %s at %s", table, ts)
                            .isEmpty();
                }
            }
            assertThat(cluster.query("select sum(balance) from bank.accounts", ts))
                    .as("the balances of the bank")
                    .hasSize(1)
                    .first()
                    .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                    .isNotEqualTo(List.of());
        }
    }
}
