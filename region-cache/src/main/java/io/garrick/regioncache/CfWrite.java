package io.garrick.regioncache;

import io.garrick.base.Key;

/**
 * One change of a raft command.
 *
 * @param key the encoded key without the data prefix; with a ts suffix in {@code DEFAULT} and
 *     {@code WRITE}
 * @param value empty for a delete
 */
public record CfWrite(Family family, Op op, Key key, Key value) {
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
