package io.garrick.mergetree;

import io.garrick.base.Key;

/**
 * A condition on one column that lets whole pages be skipped. It is a hint: rows that do not match
 * may still come out, rows that match always do. Bounds are included. NULL never matches a range.
 */
public sealed interface ZoneFilter {
    long columnId();

    /**
     * For integers, dates (days), timestamps and durations (in the unit of the column's Arrow type)
     * and decimals of at most 18 digits (unscaled, at the column's scale). For unsigned columns the
     * bounds are unsigned.
     */
    record LongRange(long columnId, long min, long max) implements ZoneFilter {}

    record DoubleRange(long columnId, double min, double max) implements ZoneFilter {}

    /** Compared as unsigned bytes: right for binary collations only. */
    record BytesRange(long columnId, Key min, Key max) implements ZoneFilter {}

    record IsNull(long columnId) implements ZoneFilter {}

    record IsNotNull(long columnId) implements ZoneFilter {}
}
