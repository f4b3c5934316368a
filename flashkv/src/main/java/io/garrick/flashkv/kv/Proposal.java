package io.garrick.flashkv.kv;

/** What became of a proposed write. */
public sealed interface Proposal {
    /** Committed by a majority and applied here. */
    record Applied() implements Proposal {}

    /**
     * Not done, or (stale_command) of unknown outcome; to be answered as the response's
     * region_error.
     */
    record Refused(io.garrick.proto.error.Error error) implements Proposal {}
}
