package io.garrick.mergetree;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.TableSchema;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transfers keep the total; every snapshot at a finished timestamp sees that total. */
final class ConcurrencyTest {
    private static final int ACCOUNTS = 200;
    private static final long BALANCE = 1000;
    private static final int TRANSFERS = 6000;

    @TempDir Path directory;
    private final TableSchema table = Rig.table(1);

    @Test
    void readersSeeWholeTransactionsWhileEverythingMoves() throws Exception {
        try (Rig rig = new Rig(directory, Rig.SMALL);
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            rig.schemas.put(1L, table);
            AtomicLong applied = new AtomicLong(1);
            AtomicBoolean done = new AtomicBoolean();
            long[] balances = new long[ACCOUNTS];
            List<CommittedRow> first = new ArrayList<>();
            for (int account = 0; account < ACCOUNTS; account++) {
                balances[account] = BALANCE;
                first.add(row(account, 1, BALANCE, 1, account));
            }
            rig.store.append(first);
            List<Future<?>> futures = new ArrayList<>();
            futures.add(threads.submit(() -> maintain(rig, applied, done)));
            futures.add(threads.submit(() -> read(rig, applied, done)));
            futures.add(threads.submit(() -> read(rig, applied, done)));
            Random random = new Random(8);
            for (long ts = 2; ts < TRANSFERS; ts++) {
                int from = random.nextInt(ACCOUNTS);
                int to = (from + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
                balances[from]--;
                balances[to]++;
                rig.store.append(
                        List.of(
                                row(from, ts, balances[from], ts, 0),
                                row(to, ts, balances[to], ts, 1)));
                applied.set(ts);
            }
            done.set(true);
            for (Future<?> future : futures) {
                future.get();
            }
            assertThat(total(rig, applied.get())).isEqualTo(ACCOUNTS * BALANCE);
        }
    }

    private static CommittedRow row(long account, long ts, long balance, long index, int ordinal) {
        byte[] bytes = Rig.row(new Rig.Image(balance, null, null));
        return CommittedRow.put(1, account, ts, bytes, account % 3, index, ordinal);
    }

    private Void maintain(Rig rig, AtomicLong applied, AtomicBoolean done) throws Exception {
        while (!done.get()) {
            rig.store.flush(FlushScope.ALL);
            rig.store.advanceSafepoint(new Timestamp(Math.max(1, applied.get() - 500)));
            while (rig.store.compactOnce()) {
                rig.store.stats();
            }
        }
        return null;
    }

    private Void read(Rig rig, AtomicLong applied, AtomicBoolean done) throws Exception {
        Random random = new Random();
        int reads = 0;
        while (!done.get() || reads < 10) {
            long ts = Math.max(1, applied.get() - random.nextInt(100));
            try {
                assertThat(total(rig, ts)).as("ts %d", ts).isEqualTo(ACCOUNTS * BALANCE);
                reads++;
            } catch (ReadTooOldException e) {
                // The writer was fast.
                assertThat(ts).isLessThan(rig.store.safepoint().value());
            }
        }
        return null;
    }

    private long total(Rig rig, long ts) throws Exception {
        var rows = rig.read(table, ts);
        assertThat(rows).hasSize(ACCOUNTS);
        return rows.values().stream().mapToLong(image -> image.a() == null ? 0 : image.a()).sum();
    }
}
