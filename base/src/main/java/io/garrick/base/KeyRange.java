package io.garrick.base;

/**
 * Keys from {@code start} (included) to {@code end} (excluded); an empty end means no upper bound.
 */
public record KeyRange(Key start, Key end) {
    public static final KeyRange ALL = new KeyRange(Key.EMPTY, Key.EMPTY);

    public boolean contains(Key key) {
        return key.compareTo(start) >= 0 && (end.isEmpty() || key.compareTo(end) < 0);
    }

    public boolean contains(KeyRange other) {
        return start.compareTo(other.start) <= 0
                && (end.isEmpty() || (!other.end.isEmpty() && other.end.compareTo(end) <= 0));
    }

    public boolean overlaps(KeyRange other) {
        return (end.isEmpty() || other.start.compareTo(end) < 0)
                && (other.end.isEmpty() || start.compareTo(other.end) < 0);
    }

    public boolean isEmpty() {
        return !end.isEmpty() && start.compareTo(end) >= 0;
    }

    /** The common part; an empty range (start = end) if there is none. */
    public KeyRange intersect(KeyRange other) {
        Key lower = start.compareTo(other.start) >= 0 ? start : other.start;
        if (!overlaps(other)) {
            return new KeyRange(lower, lower.isEmpty() ? Key.wrap(new byte[] {0}) : lower);
        }
        Key upper;
        if (end.isEmpty()) {
            upper = other.end;
        } else if (other.end.isEmpty()) {
            upper = end;
        } else {
            upper = end.compareTo(other.end) <= 0 ? end : other.end;
        }
        return new KeyRange(lower, upper);
    }
}
