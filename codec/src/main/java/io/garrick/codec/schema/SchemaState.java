package io.garrick.codec.schema;

/** How far a schema object has come on its way in or out. */
public enum SchemaState {
    NONE(0),
    DELETE_ONLY(1),
    WRITE_ONLY(2),
    WRITE_REORGANIZATION(3),
    DELETE_REORGANIZATION(4),
    PUBLIC(5),
    REPLICA_ONLY(6),
    GLOBAL_TXN_ONLY(7);

    private static final SchemaState[] ALL = values();

    private final int number;

    SchemaState(int number) {
        this.number = number;
    }

    public static SchemaState of(long number) {
        if (number < 0 || number >= ALL.length) {
            throw new IllegalArgumentException("unknown schema state " + number);
        }
        return ALL[(int) number];
    }

    /** As TiDB writes it. */
    public int number() {
        return number;
    }
}
