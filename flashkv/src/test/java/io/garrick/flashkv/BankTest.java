package io.garrick.flashkv;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvEntry;
import io.garrick.kv.KvSnapshot;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdClient;
import io.garrick.kv.RegionInfo;
import io.garrick.kv.TransactionAbortedException;
import io.garrick.kv.UndeterminedException;
import io.garrick.kv.WriteConflictException;
import io.garrick.proto.meta.PeerRole;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Money moves between accounts in many regions while regions split and stores fail; none is made or
 * lost.
 */
final class BankTest {
    private static final int ACCOUNTS = 24;
    private static final long DEPOSIT = 100;
    private static final int WRITERS = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir private Path directory;

    @Test
    void everySnapshotHasTheSameTotalWhileRegionsSplitAndStoresFail() throws Exception {
        FlashKvConfig config =
                FlashKvConfig.of(directory)
                        .withSyncWrites(false)
                        .withTick(Duration.ofMillis(100))
                        .withHeartbeatInterval(Duration.ofSeconds(1));
        try (FlashKv cluster = FlashKv.start(config);
                PdClient pd =
                        PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT);
                KvClient client = KvClient.connect(pd);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            open(client);
            client.splitRegions(List.of(account(6), account(12), account(18)));
            awaitThreeVoters(pd);
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger committed = new AtomicInteger();
            Future<Integer> auditor = threads.submit(() -> audit(client, over));
            List<Future<?>> writers = new ArrayList<>();
            for (int writer = 0; writer < WRITERS; writer++) {
                Random random = new Random(writer);
                writers.add(threads.submit(() -> transfer(client, random, committed, over)));
            }
            client.splitRegions(List.of(account(9)));
            for (int store = 1; store <= 3; store++) {
                cluster.stopStore(store);
                // Somebody else leads by now, or this waits until then.
                total(client.snapshot(pd.timestamp()));
                cluster.startStore(store);
            }
            over.set(true);
            for (Future<?> writer : writers) {
                writer.get();
            }
            assertThat(auditor.get()).isPositive();
            assertThat(committed).hasPositiveValue();
            assertThat(total(client.snapshot(pd.timestamp()))).isEqualTo(ACCOUNTS * DEPOSIT);
        }
    }

    private static void open(KvClient client) {
        KvTransaction transaction = client.begin();
        for (int i = 0; i < ACCOUNTS; i++) {
            transaction.put(account(i), amount(DEPOSIT));
        }
        transaction.commit();
    }

    private static void transfer(
            KvClient client, Random random, AtomicInteger committed, AtomicBoolean over) {
        while (!over.get()) {
            Key from = account(random.nextInt(ACCOUNTS));
            Key to = account(random.nextInt(ACCOUNTS));
            if (from.equals(to)) {
                continue;
            }
            KvTransaction transaction = client.begin();
            long sum = 1L + random.nextInt(5);
            transaction.put(from, amount(balance(transaction, from) - sum));
            transaction.put(to, amount(balance(transaction, to) + sum));
            try {
                transaction.commit();
                committed.incrementAndGet();
            } catch (WriteConflictException
                    | TransactionAbortedException
                    | UndeterminedException lost) {
                // Moved entirely or not at all: the total shows.
            }
        }
    }

    private static void awaitThreeVoters(PdClient pd) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!haveThreeVoters(pd.scanRegions(Key.EMPTY, Key.EMPTY, 100))) {
            assertThat(System.nanoTime()).as("three voters everywhere").isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    private static boolean haveThreeVoters(List<RegionInfo> regions) {
        return regions.size() >= 4
                && regions.stream()
                        .allMatch(info ->
                                info.region().getPeersList().stream()
                                                .filter(peer -> peer.getRole() == PeerRole.Voter)
                                                .count()
                                        == 3);
    }

    /** How many snapshots were looked at. */
    private static int audit(KvClient client, AtomicBoolean over) {
        int audits = 0;
        do {
            assertThat(total(client.snapshot(client.pd().timestamp())))
                    .isEqualTo(ACCOUNTS * DEPOSIT);
            audits++;
        } while (!over.get());
        return audits;
    }

    private static long total(KvSnapshot snapshot) {
        long total = 0;
        int count = 0;
        Iterator<KvEntry> accounts = snapshot.scan(new KeyRange(account(0), account(ACCOUNTS)));
        while (accounts.hasNext()) {
            total += ByteBuffer.wrap(accounts.next().value()).getLong();
            count++;
        }
        assertThat(count).isEqualTo(ACCOUNTS);
        return total;
    }

    private static long balance(KvTransaction transaction, Key account) {
        return ByteBuffer.wrap(transaction.get(account).orElseThrow()).getLong();
    }

    private static Key account(int number) {
        return Key.wrap("account%03d".formatted(number).getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] amount(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }
}
