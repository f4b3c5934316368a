package io.garrick.consistency;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Decides whether a register's history could have happened one operation at a time.
 *
 * <p>The search of Wing and Gong (Testing and Verifying Concurrent Objects, 1993) with Lowe's
 * memory of configurations seen (Testing for Linearizability, 2017): walk the events in the order
 * of time; take any operation that has been called and fits the value; where an operation returns
 * untaken, take back the last one. A configuration is the set of operations taken and the value;
 * meeting one again means the same failure again. Operations of unknown outcome may be taken at any
 * moment after their call, or never; those whose value nobody read are left out, for they change
 * nothing. Values are written at most once, so that each read names its writer.
 */
final class Linearizability {
    private Linearizability() {}

    /** True if some order of the operations, each within its time, explains all reads. */
    static boolean holds(List<RegisterOp> history) {
        return new Search(relevant(history)).run();
    }

    private static List<RegisterOp> relevant(List<RegisterOp> history) {
        Set<Long> read = new HashSet<>();
        for (RegisterOp op : history) {
            if (op.reads() && !op.isUnknown()) {
                read.add(op.expected());
            }
        }
        // An unknown update that somebody read proves by that what it read itself.
        boolean grew = true;
        while (grew) {
            grew = false;
            for (RegisterOp op : history) {
                if (op.isUnknown() && op.reads() && read.contains(op.written())) {
                    grew |= read.add(op.expected());
                }
            }
        }
        return history.stream()
                .filter(op -> !op.isUnknown() || (op.writes() && read.contains(op.written())))
                .toList();
    }

    /** A doubly linked list of events, from which taken operations are lifted out. */
    private static final class Event {
        final int op;
        final boolean call;
        final long time;
        Event previous = this;
        Event next = this;
        Event partner = this;

        Event(int op, boolean call, long time) {
            this.op = op;
            this.call = call;
            this.time = time;
        }

        void unlink() {
            previous.next = next;
            next.previous = previous;
        }

        void relink() {
            previous.next = this;
            next.previous = this;
        }
    }

    private record Taken(Event call, long valueBefore) {}

    /**
     * What is taken, and the value then. All known operations below {@code low} are taken, so that
     * the length of a history does not make each configuration longer.
     */
    private record Configuration(int low, BitSet window, BitSet unknown, long value) {}

    private static final class Search {
        private final List<RegisterOp> ops;
        private final Event head = new Event(-1, false, Long.MIN_VALUE);
        private final int known;
        private int mustTake;

        Search(List<RegisterOp> history) {
            // Unknown ones last; the others by their calls, so that they are taken nearly in order.
            ops = new ArrayList<>(history);
            ops.sort(
                    Comparator.comparing(RegisterOp::isUnknown)
                            .thenComparingLong(RegisterOp::invoked));
            known = (int) ops.stream().filter(op -> !op.isUnknown()).count();
            List<Event> events = new ArrayList<>();
            for (int i = 0; i < ops.size(); i++) {
                RegisterOp op = ops.get(i);
                Event call = new Event(i, true, op.invoked());
                Event back = new Event(i, false, op.returned());
                call.partner = back;
                back.partner = call;
                events.add(call);
                events.add(back);
                if (!op.isUnknown()) {
                    mustTake++;
                }
            }
            // At the same moment calls come first: the operations overlap.
            events.sort(
                    Comparator.comparingLong((Event event) -> event.time)
                            .thenComparing(event -> !event.call));
            Event last = head;
            for (Event event : events) {
                last.next = event;
                event.previous = last;
                last = event;
            }
            last.next = head;
            head.previous = last;
        }

        boolean run() {
            Set<Configuration> seen = new HashSet<>();
            Deque<Taken> path = new ArrayDeque<>();
            BitSet taken = new BitSet(ops.size());
            long value = RegisterOp.EMPTY;
            Event event = head.next;
            while (mustTake > 0) {
                if (event.call) {
                    RegisterOp op = ops.get(event.op);
                    boolean fits = !op.reads() || op.expected() == value;
                    long after = op.writes() ? op.written() : value;
                    if (fits && seen.add(with(taken, event.op, after))) {
                        path.push(new Taken(event, value));
                        value = after;
                        taken.set(event.op);
                        mustTake -= op.isUnknown() ? 0 : 1;
                        event.unlink();
                        event.partner.unlink();
                        event = head.next;
                    } else {
                        event = event.next;
                    }
                } else {
                    if (path.isEmpty()) {
                        return false;
                    }
                    Taken last = path.pop();
                    value = last.valueBefore();
                    taken.clear(last.call().op);
                    mustTake += ops.get(last.call().op).isUnknown() ? 0 : 1;
                    last.call().partner.relink();
                    last.call().relink();
                    event = last.call().next;
                }
            }
            return true;
        }

        private Configuration with(BitSet taken, int op, long value) {
            taken.set(op);
            int low = taken.nextClearBit(0);
            Configuration next =
                    new Configuration(
                            low,
                            taken.get(Math.min(low, known), known),
                            taken.get(known, ops.size()),
                            value);
            taken.clear(op);
            return next;
        }
    }

    /** For messages: the operations in the order of their calls. */
    static String describe(List<RegisterOp> history) {
        StringBuilder text = new StringBuilder();
        RegisterOp[] sorted = history.toArray(RegisterOp[]::new);
        Arrays.sort(sorted, Comparator.comparingLong(RegisterOp::invoked));
        for (RegisterOp op : sorted) {
            text.append(
                    switch (op.kind()) {
                        case READ -> "read " + op.expected();
                        case WRITE -> "write " + op.written();
                        case UPDATE -> "update " + op.expected() + " " + op.written();
                    });
            text.append(' ').append(op.invoked()).append(' ');
            text.append(op.isUnknown() ? "unknown" : Long.toString(op.returned())).append('\n');
        }
        return text.toString();
    }
}
