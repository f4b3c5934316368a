package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import java.util.Collection;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Excludes writers of the same keys from each other. A fixed number of slots; keys that share a
 * slot exclude each other too, which costs time and nothing else. Slots are taken in ascending
 * order, so nobody waits in a circle.
 */
final class Latches {
    /** Far more than writers that run at once, so that strangers rarely meet. */
    private static final int SLOTS = 4096;

    private final ReentrantLock[] slots = new ReentrantLock[SLOTS];

    Latches() {
        for (int i = 0; i < SLOTS; i++) {
            slots[i] = new ReentrantLock();
        }
    }

    /** Waits for all slots of {@code keys}. Closed by the same thread. */
    Held acquire(Collection<Key> keys) {
        TreeSet<Integer> wanted = new TreeSet<>();
        for (Key key : keys) {
            wanted.add(Math.floorMod(spread(key.hashCode()), SLOTS));
        }
        wanted.forEach(slot -> slots[slot].lock());
        return () -> wanted.descendingSet().forEach(slot -> slots[slot].unlock());
    }

    private static int spread(int hash) {
        return hash ^ (hash >>> 15);
    }

    interface Held extends AutoCloseable {
        @Override
        void close();
    }
}
