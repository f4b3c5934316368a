package io.garrick.server.demo;

import io.garrick.base.Key;
import io.garrick.codec.key.Numbers;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.row.PlainRowDecoder;
import io.garrick.codec.row.RowEncoder;
import io.garrick.codec.schema.TableSchema;
import io.garrick.kv.ClusterException;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.WriteConflictException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The OLTP half of the demo: new orders with their lines, changes and deletions of such orders, and
 * transfers between accounts. Each step is one transaction; a conflict is counted and dropped.
 */
final class Workload {
    /** Above every generated order key up to scale 100. */
    private static final long FIRST_ORDER_KEY = 1_000_000_000L;

    private static final byte INT_DATUM = 0x03;
    private static final String[] FLAGS = {"A", "N", "R"};
    private static final String[] MODES = {"AIR", "MAIL", "RAIL", "SHIP", "TRUCK"};

    private final KvClient kv;
    private final TableSchema orders;
    private final TableSchema lineitem;
    private final TableSchema accounts;
    private final DemoStats stats;
    private final long customers;
    private final AtomicLong nextOrderKey = new AtomicLong(FIRST_ORDER_KEY);

    private record PlacedOrder(long key, int lines) {}

    private final ConcurrentLinkedDeque<PlacedOrder> placed = new ConcurrentLinkedDeque<>();

    /**
     * @param tables by {@code database.table}
     */
    Workload(KvClient kv, Map<String, TableSchema> tables, double scale, DemoStats stats) {
        this.kv = kv;
        this.orders = table(tables, "tpch.orders");
        this.lineitem = table(tables, "tpch.lineitem");
        this.accounts = table(tables, "bank.accounts");
        this.stats = stats;
        this.customers = Math.max(1, (long) (150_000 * scale));
    }

    private static TableSchema table(Map<String, TableSchema> tables, String name) {
        TableSchema table = tables.get(name);
        if (table == null) {
            throw new IllegalArgumentException("no table " + name);
        }
        return table;
    }

    /** One transaction. */
    void step(SplittableRandom random) {
        try {
            int kind = random.nextInt(10);
            if (kind < 5) {
                transfer(random);
            } else if (kind < 8) {
                newOrder(random);
            } else if (kind < 9) {
                changeOrder(random);
            } else {
                deleteOrder();
            }
            stats.commits.incrementAndGet();
        } catch (WriteConflictException e) {
            stats.conflicts.incrementAndGet();
        } catch (ClusterException e) {
            stats.problem("writer: " + e.getMessage());
        }
    }

    private void transfer(SplittableRandom random) {
        long from = random.nextLong(1, BankTables.ACCOUNTS + 1);
        long to = random.nextLong(1, BankTables.ACCOUNTS + 1);
        if (from == to) {
            return;
        }
        BigDecimal amount = BigDecimal.valueOf(random.nextLong(1, 10_000), 2);
        KvTransaction transaction = kv.begin();
        RowEncoder encoder = new RowEncoder(accounts);
        add(transaction, encoder, from, amount.negate());
        add(transaction, encoder, to, amount);
        transaction.commit();
    }

    private void add(KvTransaction transaction, RowEncoder encoder, long id, BigDecimal amount) {
        List<@Nullable Object> row =
                read(transaction, accounts, TableKeys.recordKey(accounts.physicalId(), id))
                        .orElseThrow(() -> new IllegalStateException("account " + id + " is gone"));
        row.set(2, balance(row).add(amount));
        put(transaction, encoder, row);
    }

    private static BigDecimal balance(List<@Nullable Object> row) {
        if (row.get(2) instanceof BigDecimal balance) {
            return balance;
        }
        throw new IllegalStateException("no balance in " + row);
    }

    private Key lineKey(long orderKey, long line) {
        return TableKeys.recordKey(lineitem.physicalId(), commonHandle(orderKey, line));
    }

    /** Key datums of two signed integers: a flag and eight comparable bytes each. */
    private static byte[] commonHandle(long first, long second) {
        return ByteBuffer.allocate(18)
                .put(INT_DATUM)
                .putLong(Numbers.comparableInt(first))
                .put(INT_DATUM)
                .putLong(Numbers.comparableInt(second))
                .array();
    }

    private static Optional<List<@Nullable Object>> read(
            KvTransaction transaction, TableSchema table, Key key) {
        return transaction
                .get(key)
                .map(value ->
                        new ArrayList<>(
                                new PlainRowDecoder(table).decode(RecordKey.parse(key), value)));
    }

    private static void put(
            KvTransaction transaction, RowEncoder encoder, List<? extends @Nullable Object> row) {
        RowEncoder.Encoded encoded = encoder.encode(row, 0);
        transaction.put(encoded.rawKey(), encoded.value().unsafeBytes());
    }

    private void newOrder(SplittableRandom random) {
        long key = nextOrderKey.getAndIncrement();
        int lines = random.nextInt(1, 8);
        LocalDate date = LocalDate.of(1992, 1, 1).plusDays(random.nextInt(2400));
        KvTransaction transaction = kv.begin();
        BigDecimal total = BigDecimal.ZERO;
        RowEncoder lineEncoder = new RowEncoder(lineitem);
        for (long line = 1; line <= lines; line++) {
            BigDecimal price = BigDecimal.valueOf(random.nextLong(90_000, 9_000_000), 2);
            total = total.add(price);
            LocalDate shipped = date.plusDays(random.nextInt(1, 122));
            put(
                    transaction,
                    lineEncoder,
                    List.of(
                            key,
                            random.nextLong(1, 2000),
                            random.nextLong(1, 100),
                            line,
                            BigDecimal.valueOf(random.nextLong(1, 51)).setScale(2),
                            price,
                            BigDecimal.valueOf(random.nextLong(0, 11), 2),
                            BigDecimal.valueOf(random.nextLong(0, 9), 2),
                            FLAGS[random.nextInt(FLAGS.length)],
                            random.nextBoolean() ? "O" : "F",
                            shipped,
                            shipped.plusDays(10),
                            shipped.plusDays(5),
                            "NONE",
                            MODES[random.nextInt(MODES.length)],
                            "placed while you watch"));
        }
        put(
                transaction,
                new RowEncoder(orders),
                List.of(
                        key,
                        random.nextLong(1, customers + 1),
                        "O",
                        total,
                        date,
                        "3-MEDIUM",
                        "Clerk#000000001",
                        0L,
                        "placed while you watch"));
        transaction.commit();
        placed.add(new PlacedOrder(key, lines));
    }

    private void changeOrder(SplittableRandom random) {
        PlacedOrder order = placed.poll();
        if (order == null) {
            newOrder(random);
            return;
        }
        KvTransaction transaction = kv.begin();
        RowEncoder encoder = new RowEncoder(lineitem);
        Key key = lineKey(order.key, 1);
        List<@Nullable Object> line = read(transaction, lineitem, key).orElse(null);
        if (line != null) {
            line.set(4, BigDecimal.valueOf(random.nextLong(1, 51)).setScale(2));
            line.set(6, BigDecimal.valueOf(random.nextLong(0, 11), 2));
            put(transaction, encoder, line);
            transaction.commit();
        }
        placed.add(order);
    }

    private void deleteOrder() {
        PlacedOrder order = placed.poll();
        if (order == null) {
            return;
        }
        KvTransaction transaction = kv.begin();
        transaction.delete(TableKeys.recordKey(orders.physicalId(), order.key));
        for (long line = 1; line <= order.lines; line++) {
            transaction.delete(lineKey(order.key, line));
        }
        transaction.commit();
    }
}
