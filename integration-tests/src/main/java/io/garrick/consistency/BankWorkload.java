package io.garrick.consistency;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvEntry;
import io.garrick.kv.KvException;
import io.garrick.kv.KvSnapshot;
import io.garrick.kv.KvTransaction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Money moves between accounts; none is made or lost in any snapshot. */
final class BankWorkload {
    static final int ACCOUNTS = 48;
    private static final long DEPOSIT = 1000;
    private static final Duration AUDIT_PAUSE = Duration.ofMillis(15);

    private final Counts counts;
    private final List<String> anomalies = Collections.synchronizedList(new ArrayList<>());

    BankWorkload(Counts counts) {
        this.counts = counts;
    }

    static Key account(int number) {
        return Key.wrap("account%03d".formatted(number).getBytes(StandardCharsets.UTF_8));
    }

    void open(KvClient client) {
        KvTransaction transaction = client.begin();
        for (int i = 0; i < ACCOUNTS; i++) {
            transaction.put(account(i), RegisterWorkload.encode(DEPOSIT));
        }
        transaction.commit();
    }

    /** One client that moves money, until told to stop. */
    void transfer(KvClient client, long seed, BooleanSupplier over) {
        SplittableRandom random = new SplittableRandom(seed);
        while (!over.getAsBoolean()) {
            int from = random.nextInt(ACCOUNTS);
            int to = (from + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
            counts.inFlight.incrementAndGet();
            try {
                switch (transfer(client, account(from), account(to), 1 + random.nextInt(9))) {
                    case DONE -> counts.writes.increment();
                    case FAILED -> counts.failed.increment();
                    case UNKNOWN -> counts.unknown.increment();
                }
            } finally {
                counts.inFlight.decrementAndGet();
            }
        }
    }

    private static RegisterWorkload.Outcome transfer(
            KvClient client, Key from, Key to, long amount) {
        KvTransaction transaction;
        try {
            transaction = client.begin();
            transaction.put(from, RegisterWorkload.encode(balance(transaction, from) - amount));
            transaction.put(to, RegisterWorkload.encode(balance(transaction, to) + amount));
        } catch (KvException e) {
            return RegisterWorkload.Outcome.FAILED;
        }
        return RegisterWorkload.commit(transaction);
    }

    private static long balance(KvTransaction transaction, Key account) {
        return RegisterWorkload.decode(transaction.get(account).orElseThrow());
    }

    /** One client that adds up all accounts, until told to stop. */
    void audit(KvClient client, BooleanSupplier over) {
        while (!over.getAsBoolean()) {
            counts.inFlight.incrementAndGet();
            try {
                audit(client);
            } finally {
                counts.inFlight.decrementAndGet();
            }
            try {
                Thread.sleep(AUDIT_PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Adds up all accounts now. */
    private void audit(KvClient client) {
        Timestamp ts;
        long total = 0;
        int accounts = 0;
        try {
            ts = client.pd().timestamp();
            Iterator<KvEntry> entries =
                    client.snapshot(ts).scan(new KeyRange(account(0), account(ACCOUNTS)));
            while (entries.hasNext()) {
                total += RegisterWorkload.decode(entries.next().value());
                accounts++;
            }
        } catch (KvException e) {
            counts.failed.increment();
            return;
        }
        counts.reads.increment();
        check(total, "a snapshot at %s of %d accounts".formatted(ts, accounts));
    }

    /** What these accounts hold. */
    long total(KvSnapshot snapshot, Predicate<Key> which) {
        List<Key> keys = IntStream.range(0, ACCOUNTS).mapToObj(BankWorkload::account).toList();
        return snapshot.batchGet(keys.stream().filter(which).toList()).values().stream()
                .mapToLong(RegisterWorkload::decode)
                .sum();
    }

    void check(long total, String where) {
        if (total != ACCOUNTS * DEPOSIT) {
            anomalies.add("%s: a total of %d, not %d".formatted(where, total, ACCOUNTS * DEPOSIT));
        }
    }

    List<String> anomalies() {
        return List.copyOf(anomalies);
    }
}
