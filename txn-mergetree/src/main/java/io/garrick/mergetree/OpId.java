package io.garrick.mergetree;

/**
 * Names one structural operation (ingest, purge), so that repeating it after a crash changes
 * nothing.
 *
 * @param sequence tells operations of one region at one index apart
 */
public record OpId(long regionId, long index, long sequence) {}
