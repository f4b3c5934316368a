package io.garrick.mergetree;

/** Every row of this region in this table up to and including (index, ordinal) is in part files. */
public record Fence(long tableId, long regionId, long index, int ordinal) {}
