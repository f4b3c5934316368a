package io.garrick.flashkv;

import io.garrick.flashkv.store.Store;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Failures on demand, for tests: of links, disks, stores. Stores are named by their numbers from 1.
 *
 * <p>What is left to chance follows the seed. A store that starts again starts without faults of
 * its own; links that others cut to it stay cut until healed. Safe for many threads.
 */
public final class Faults {
    private final FlashKv cluster;
    private final RandomGenerator random;
    private final List<Long> storeIds;
    private final Set<Long> cutFrom = new HashSet<>(); // pairs: from * 1000 + to

    Faults(FlashKv cluster, long seed) {
        this.cluster = cluster;
        this.random = new SplittableRandom(seed);
        this.storeIds = new ArrayList<>();
        for (int number = 1; number <= cluster.storeCount(); number++) {
            Store store = cluster.store(number);
            store.watchSyncs();
            storeIds.add(store.id());
        }
    }

    private long id(int number) {
        return storeIds.get(number - 1);
    }

    // ---- links

    /** Raft messages from one store to another are lost; the other way they pass. */
    public synchronized void cutOneWay(int from, int to) {
        cutFrom.add(from * 1000L + to);
        onRunning(from, store -> store.setLinkCut(id(to), true));
    }

    public synchronized void healOneWay(int from, int to) {
        cutFrom.remove(from * 1000L + to);
        onRunning(from, store -> store.setLinkCut(id(to), false));
    }

    public void cut(int one, int other) {
        cutOneWay(one, other);
        cutOneWay(other, one);
    }

    /** No store hears of this one, nor this one of others. Clients still reach it. */
    public void isolate(int number) {
        for (int other = 1; other <= storeIds.size(); other++) {
            if (other != number) {
                cut(number, other);
            }
        }
    }

    /** All links work again, without loss and delay. */
    public synchronized void healLinks() {
        cutFrom.clear();
        for (int from = 1; from <= storeIds.size(); from++) {
            int number = from;
            onRunning(
                    number,
                    store -> {
                        storeIds.forEach(to -> store.setLinkCut(to, false));
                        store.calmLinks();
                    });
        }
    }

    /**
     * A store's messages to others are lost, sent twice, or late by up to {@code maxDelay} and so
     * out of order; rates from 0 to 1 per message.
     */
    public synchronized void disturb(
            int number, double lossRate, double repeatRate, double delayRate, Duration maxDelay) {
        RandomGenerator own = new SplittableRandom(random.nextLong());
        onRunning(
                number,
                store -> store.disturbLinks(lossRate, repeatRate, delayRate, maxDelay, own));
    }

    // ---- stores

    /** The store does nothing until resumed; what comes in waits, as with a stopped process. */
    public void pause(int number) {
        cluster.store(number).pause();
    }

    public void resume(int number) {
        onRunning(number, Store::resume);
    }

    /** Each write of the raft log takes so much longer; zero ends it. */
    public void slowDisk(int number, Duration perWrite) {
        cluster.store(number).slowDisk(perWrite);
    }

    /**
     * The store's machine fails: all that was not synced may be lost, down to a random byte.
     *
     * @return how many bytes were lost
     */
    public long crash(int number) throws IOException {
        RandomGenerator own;
        synchronized (this) {
            own = new SplittableRandom(random.nextLong());
        }
        return cluster.crashStore(number, own);
    }

    /** A store that was crashed or stopped starts again from what is on its disk. */
    public synchronized void restart(int number) throws IOException {
        cluster.startStore(number);
        Store store = cluster.store(number);
        store.watchSyncs();
        for (int to = 1; to <= storeIds.size(); to++) {
            store.setLinkCut(id(to), cutFrom.contains(number * 1000L + to));
        }
    }

    private void onRunning(int number, java.util.function.Consumer<Store> action) {
        if (cluster.isRunning(number)) {
            action.accept(cluster.store(number));
        }
    }
}
