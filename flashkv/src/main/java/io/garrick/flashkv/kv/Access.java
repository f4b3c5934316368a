package io.garrick.flashkv.kv;

/** What comes of asking for a region. */
public sealed interface Access {
    /** The receiver closes the snapshot. */
    record Granted(RegionSnapshot snapshot) implements Access {}

    /** To be answered as the response's region_error. */
    record Refused(io.garrick.proto.error.Error error) implements Access {}
}
