package io.garrick.query;

import java.util.Optional;

/**
 * What a client has set for its statements.
 *
 * @param database unqualified tables are looked up there; empty if none was chosen
 * @param snapshotTs as the client wrote it: a TSO or an RFC 3339 time; empty for the newest
 */
public record QuerySession(Optional<String> database, Optional<String> snapshotTs) {
    public static final QuerySession EMPTY = new QuerySession(Optional.empty(), Optional.empty());

    public static QuerySession in(String database) {
        return EMPTY.withDatabase(database);
    }

    public QuerySession withDatabase(String name) {
        return new QuerySession(Optional.of(name), snapshotTs);
    }

    public QuerySession withSnapshotTs(String text) {
        return new QuerySession(database, Optional.of(text));
    }
}
