package io.garrick.peer;

import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Lays the logs of all peers side by side when nothing moves any more. */
final class LogComparison {
    /**
     * One peer at rest.
     *
     * @param first index of the first entry it still has
     * @param entries from {@code first} on
     * @param conf the configuration it applied last
     */
    record PeerLog(long first, List<Entry> entries, long applied, ConfState conf) {
        PeerLog {
            entries = List.copyOf(entries);
        }
    }

    private LogComparison() {}

    /**
     * Every difference, in words; none if all peers have applied the same and no entry differs.
     *
     * @param agreed the whole log as applied, gap-free from {@code agreedFirst}
     */
    static List<String> differences(
            long agreedFirst, List<Entry> agreed, SortedMap<Long, PeerLog> peers) {
        List<String> found = new ArrayList<>();
        long agreedLast = agreedFirst + agreed.size() - 1;
        ConfState conf = null;
        for (Map.Entry<Long, PeerLog> peer : peers.entrySet()) {
            String name = "peer " + peer.getKey();
            PeerLog log = peer.getValue();
            if (log.applied() != agreedLast) {
                found.add(name + " has applied " + log.applied() + ", not " + agreedLast);
            }
            long last = log.first() + log.entries().size() - 1;
            if (last < agreedLast) {
                found.add(name + " ends at " + last + ", not " + agreedLast);
            }
            compareEntries(name, log, agreedFirst, agreed, found);
            ConfState mine = Ledger.sorted(log.conf());
            if (conf != null && !conf.equals(mine)) {
                found.add(name + " is configured otherwise: " + mine + " and " + conf);
            }
            conf = conf == null ? mine : conf;
        }
        return found;
    }

    private static void compareEntries(
            String name, PeerLog log, long agreedFirst, List<Entry> agreed, List<String> found) {
        long index = log.first();
        for (Entry entry : log.entries()) {
            if (entry.getIndex() != index) {
                found.add(name + " has entry " + entry.getIndex() + " in the place of " + index);
                return;
            }
            long at = index - agreedFirst;
            if (at >= 0 && at < agreed.size() && !Ledger.same(agreed.get((int) at), entry)) {
                found.add(
                        name
                                + " has "
                                + Ledger.text(entry)
                                + ", not "
                                + Ledger.text(agreed.get((int) at)));
            }
            index++;
        }
    }
}
