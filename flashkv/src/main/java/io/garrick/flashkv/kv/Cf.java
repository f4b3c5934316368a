package io.garrick.flashkv.kv;

/** The column families that are replicated, by their names in raft commands. */
public enum Cf {
    DEFAULT("default"),
    LOCK("lock"),
    WRITE("write");

    private final String family;

    Cf(String family) {
        this.family = family;
    }

    /** The name on the wire and in RocksDB. */
    public String family() {
        return family;
    }

    /** An empty name means default. */
    public static Cf of(String family) {
        return switch (family) {
            case "", "default" -> DEFAULT;
            case "lock" -> LOCK;
            case "write" -> WRITE;
            default -> throw new IllegalArgumentException("unknown column family " + family);
        };
    }
}
