package io.garrick.codec.schema;

import java.util.HashMap;
import java.util.Map;

/**
 * Makes equal parts of many tables one object: a cluster of 100,000 tables has few distinct types
 * and not many distinct columns. Used by one thread.
 */
public final class SharedParts {
    /** Tables that have nothing in common must not fill the memory twice. */
    private static final int MOST_PARTS = 200_000;

    private final Map<Object, Object> parts = new HashMap<>();

    /** {@code part}, or one equal to it that came before. */
    @SuppressWarnings("unchecked") // the key and its value are equal, so of one class
    <T> T one(T part) {
        Object known = parts.get(part);
        if (known != null) {
            return (T) known;
        }
        if (parts.size() < MOST_PARTS) {
            parts.put(part, part);
        }
        return part;
    }
}
