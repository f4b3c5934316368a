package io.garrick.codec.record;

/**
 * Where the newest Put or Delete below a record that changed nothing is found.
 *
 * @param ts its commit ts; zero if there is none
 * @param versions how many versions to step over; with a zero ts, above zero means "no data exists"
 */
public record LastChange(long ts, long versions) {}
