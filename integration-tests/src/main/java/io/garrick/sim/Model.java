package io.garrick.sim;

import io.garrick.codec.record.LockRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** All versions of all keys in sorted maps, never collected: what a reader must see. */
final class Model {
    record Version(@Nullable Long value) {}

    /** One key. */
    static final class Slot {
        final NavigableMap<Long, Version> versions = new TreeMap<>();
        final Set<Long> orphans = new TreeSet<>();
        LockRecord.@Nullable Single lock;

        Slot copy() {
            Slot copy = new Slot();
            copy.versions.putAll(versions);
            copy.orphans.addAll(orphans);
            copy.lock = lock;
            return copy;
        }

        @Nullable Long at(long ts) {
            Map.Entry<Long, Version> entry = versions.floorEntry(ts);
            return entry == null ? null : entry.getValue().value();
        }
    }

    private final List<Slot> slots = new ArrayList<>();

    Model() {
        for (int i = 0; i < Keys.COUNT; i++) {
            slots.add(new Slot());
        }
    }

    Slot slot(int index) {
        return slots.get(index);
    }

    /** May be repeated: a replay ends where the first run did. */
    void apply(Entry.Command command) {
        for (Entry.Effect effect : command.effects()) {
            Slot slot = slots.get(effect.slot());
            switch (effect) {
                case Entry.Effect.Committed(_, long ts, var value) -> {
                    slot.orphans.remove(ts);
                    slot.versions.put(ts, new Version(value));
                }
                case Entry.Effect.Locked(_, var lock) -> slot.lock = lock;
                case Entry.Effect.Orphaned(_, long ts) -> slot.orphans.add(ts);
            }
        }
    }

    List<Slot> copy(int from, int to) {
        return slots.subList(from, to).stream().map(Slot::copy).toList();
    }

    /** A snapshot replaces what is in its range. */
    void replace(int from, List<Slot> by) {
        for (int i = 0; i < by.size(); i++) {
            slots.set(from + i, by.get(i).copy());
        }
    }
}
