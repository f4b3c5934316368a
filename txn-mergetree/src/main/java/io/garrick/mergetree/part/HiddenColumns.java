package io.garrick.mergetree.part;

/** Columns every part has besides those of the table. TiDB's own hidden ids end at -3. */
public final class HiddenColumns {
    /** The row handle: an integer, or memcomparable bytes. */
    public static final long HANDLE = -1001;

    /** Commit ts: the version is visible from here. */
    public static final long TS = -1002;

    /** {@link #PUT} or {@link #DELETE}. */
    public static final long OP = -1003;

    public static final long PUT = 0;
    public static final long DELETE = 1;

    private HiddenColumns() {}
}
