package io.garrick.consistency;

import io.garrick.base.Key;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvException;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.TransactionAbortedException;
import io.garrick.kv.WriteConflictException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/** Clients read, write and update single keys, each its own register. */
final class RegisterWorkload {
    static final int KEYS = 32;

    private final Counts counts;
    private final AtomicLong nextValue = new AtomicLong(1);
    private final List<List<RegisterOp>> histories = new ArrayList<>();

    RegisterWorkload(Counts counts) {
        this.counts = counts;
        for (int i = 0; i < KEYS; i++) {
            histories.add(new ArrayList<>());
        }
    }

    static Key key(int number) {
        return Key.wrap("register%03d".formatted(number).getBytes(StandardCharsets.UTF_8));
    }

    /** One client, until told to stop. */
    void run(KvClient client, long seed, BooleanSupplier over) {
        SplittableRandom random = new SplittableRandom(seed);
        while (!over.getAsBoolean()) {
            int number = random.nextInt(KEYS);
            counts.inFlight.incrementAndGet();
            try {
                switch (random.nextInt(10)) {
                    case 0, 1, 2, 3 -> read(client, number);
                    case 4, 5, 6 -> write(client, number);
                    default -> update(client, number);
                }
            } finally {
                counts.inFlight.decrementAndGet();
            }
        }
    }

    private void record(int number, RegisterOp op) {
        List<RegisterOp> history = histories.get(number);
        synchronized (history) {
            history.add(op);
        }
    }

    /** Reads one register now; part of the history. False when there was no answer. */
    boolean read(KvClient client, int number) {
        long invoked = System.nanoTime();
        try {
            long value =
                    client.snapshot(client.pd().timestamp())
                            .get(key(number))
                            .map(RegisterWorkload::decode)
                            .orElse(RegisterOp.EMPTY);
            record(number, RegisterOp.read(value, invoked, System.nanoTime()));
            counts.reads.increment();
            return true;
        } catch (KvException e) {
            counts.failed.increment();
            return false;
        }
    }

    private void write(KvClient client, int number) {
        long value = nextValue.getAndIncrement();
        long invoked = System.nanoTime();
        Outcome outcome = Outcome.FAILED;
        try {
            KvTransaction transaction = client.begin();
            transaction.put(key(number), encode(value));
            outcome = commit(transaction);
        } catch (KvException e) {
            // It did not even begin.
        }
        ended(number, outcome, RegisterOp.write(value, invoked, outcome.returned()));
    }

    private void update(KvClient client, int number) {
        long value = nextValue.getAndIncrement();
        long invoked = System.nanoTime();
        Outcome outcome = Outcome.FAILED;
        long before = RegisterOp.EMPTY;
        try {
            KvTransaction transaction = client.begin();
            before =
                    transaction
                            .get(key(number))
                            .map(RegisterWorkload::decode)
                            .orElse(RegisterOp.EMPTY);
            transaction.put(key(number), encode(value));
            outcome = commit(transaction);
        } catch (KvException e) {
            // It did not come to its commit.
        }
        ended(number, outcome, RegisterOp.update(before, value, invoked, outcome.returned()));
    }

    private void ended(int number, Outcome outcome, RegisterOp op) {
        switch (outcome) {
            case DONE -> {
                counts.writes.increment();
                record(number, op);
            }
            case UNKNOWN -> {
                counts.unknown.increment();
                record(number, op);
            }
            case FAILED -> counts.failed.increment();
        }
    }

    /** How a commit ended. */
    enum Outcome {
        DONE,
        FAILED,
        UNKNOWN;

        /** The end of an operation that ends now. */
        long returned() {
            return this == UNKNOWN ? RegisterOp.NEVER : System.nanoTime();
        }
    }

    static Outcome commit(KvTransaction transaction) {
        try {
            transaction.commit();
            return Outcome.DONE;
        } catch (WriteConflictException | TransactionAbortedException e) {
            return Outcome.FAILED;
        } catch (KvException e) {
            return Outcome.UNKNOWN; // also what the client takes for a plain failure
        }
    }

    static byte[] encode(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }

    static long decode(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getLong();
    }

    /** After the run: registers whose history has no order. */
    List<String> anomalies() {
        List<String> found = new ArrayList<>();
        for (int number = 0; number < KEYS; number++) {
            List<RegisterOp> history = histories.get(number);
            if (!Linearizability.holds(history)) {
                found.add(
                        "register %d is not linearizable over %d operations:%n%s"
                                .formatted(
                                        number, history.size(), Linearizability.describe(history)));
            }
        }
        return found;
    }
}
