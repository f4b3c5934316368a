package io.garrick.query;

import io.garrick.base.Timestamp;
import io.garrick.query.QueryException.Kind;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** The timestamp a statement reads at. */
final class SnapshotTs {
    private SnapshotTs() {}

    /** A TSO, an RFC 3339 time, or a time as SQL writes it, in UTC. */
    static Timestamp parse(String text) {
        String value = text.strip();
        if (!value.isEmpty() && value.chars().allMatch(c -> c >= '0' && c <= '9')) {
            try {
                return new Timestamp(Long.parseLong(value));
            } catch (NumberFormatException _) {
                throw invalid(text);
            }
        }
        String iso = value.replace(' ', 'T');
        try {
            return Timestamp.of(OffsetDateTime.parse(iso).toInstant());
        } catch (DateTimeParseException _) {
            // It has no offset.
        }
        try {
            Instant instant = LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC);
            return Timestamp.of(instant);
        } catch (DateTimeParseException _) {
            throw invalid(text);
        }
    }

    private static QueryException invalid(String text) {
        return new QueryException(
                Kind.INVALID,
                "'" + text + "' is neither a TSO nor a time like 2025-01-31T12:00:00Z");
    }

    /** The asked timestamp if the replica can answer it, else the newest one. */
    static Timestamp resolve(Optional<String> asked, Replica replica) {
        try {
            Timestamp now = replica.currentTimestamp();
            if (asked.isEmpty()) {
                return now;
            }
            Timestamp ts = parse(asked.get());
            if (ts.compareTo(now) > 0) {
                throw new QueryException(
                        Kind.INVALID, "snapshot ts " + ts + " is in the future: now is " + now);
            }
            Timestamp safepoint = replica.safepoint();
            if (ts.compareTo(safepoint) < 0) {
                throw new QueryException(
                        Kind.INVALID, "snapshot ts " + ts + " is below the safepoint " + safepoint);
            }
            return ts;
        } catch (NotReadyException notReady) {
            throw notReady(notReady);
        }
    }

    static QueryException notReady(NotReadyException failure) {
        return new QueryException(
                Kind.NOT_READY, "not ready, retry: " + failure.getMessage(), failure);
    }
}
