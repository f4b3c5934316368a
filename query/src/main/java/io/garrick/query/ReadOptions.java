package io.garrick.query;

import java.time.Duration;

/**
 * How a table is opened.
 *
 * @param timeout how long the replica may wait until it has applied what the read must see
 */
public record ReadOptions(Duration timeout) {
    public static final ReadOptions DEFAULT = new ReadOptions(Duration.ofSeconds(30));
}
