package io.garrick.schemasync;

/**
 * What a schema change asks of a replica, by TiDB's action number (TiDB, pkg/meta/model/job.go).
 *
 * <p>Wherever an effect names a table or database, its description is read anew at the timestamp of
 * the sync. So a change that a later one undid is skipped by itself, and column changes need no
 * rules of their own.
 */
enum Effect {
    /** Nothing that rows or names depend on. */
    NONE,
    /** {@code schema_id} is a database: read its name. */
    DATABASE,
    /** {@code schema_id} and every table in it are gone. */
    DROP_DATABASE,
    /** {@code schema_id} and every table in it are back. */
    WHOLE_DATABASE,
    /** {@code table_id} in {@code schema_id} changed, or is new. */
    TABLE,
    /** {@code table_id} is gone. */
    DROP_TABLE,
    /** {@code table_id} takes the place of {@code old_table_id}, if they differ. */
    REPLACE_TABLE,
    /** Every affected option is a table that changed or is new. */
    AFFECTED_TABLES,
    /** A partition and a plain table swap their ids. */
    EXCHANGE_PARTITION,
    /** Only a full load is right. */
    RELOAD;

    private static final int LAST_KNOWN_ACTION = 77;

    static Effect of(int action) {
        return switch (action) {
            case 1, 26, 55, 77 -> DATABASE; // create, charset, placement, read only
            case 2 -> DROP_DATABASE;
            case 63 -> WHOLE_DATABASE; // flashback database
            case 4 -> DROP_TABLE;
            case 11, 71, 72 -> REPLACE_TABLE; // truncate, partition by, remove partitioning
            case 47, 60 -> AFFECTED_TABLES; // rename tables, create tables
            case 42 -> EXCHANGE_PARTITION;
            case 62, 76 -> RELOAD; // flashback cluster, refresh meta (BR)
            case 0 -> NONE;
            case 21, 24 -> NONE; // views
            case 34, 35, 36 -> NONE; // sequences
            case 51, 52, 53 -> NONE; // placement policies; table_id is a policy's
            case 68, 69, 70 -> NONE; // resource groups; table_id is a group's
            default -> action < 0 || action > LAST_KNOWN_ACTION ? RELOAD : TABLE;
        };
    }
}
