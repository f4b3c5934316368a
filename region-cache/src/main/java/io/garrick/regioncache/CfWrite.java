package io.garrick.regioncache;

/**
 * One change of a raft command.
 *
 * @param key the encoded key without the data prefix; with a ts suffix in {@code DEFAULT} and {@code WRITE}
 * @param value empty for a delete
 */
public record CfWrite(Family family, Op op, byte[] key, byte[] value) {
    public enum Family {
        DEFAULT,
        LOCK,
        WRITE
    }

    public enum Op {
        PUT,
        DELETE
    }
}
