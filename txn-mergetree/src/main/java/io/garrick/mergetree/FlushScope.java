package io.garrick.mergetree;

import java.util.Set;

/** Which memtables to flush. */
public sealed interface FlushScope {
    FlushScope ALL = new All();

    /** Every memtable with a row. */
    record All() implements FlushScope {}

    /** Only those large or old enough to deserve a part file; the rest stay in memory. */
    record WorthAPart() implements FlushScope {}

    record Tables(Set<Long> tableIds) implements FlushScope {
        public Tables {
            tableIds = Set.copyOf(tableIds);
        }
    }
}
