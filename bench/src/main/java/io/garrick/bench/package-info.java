/**
 * Benchmarks of Garrick's engine against named peers, run by {@code ./dev bench NAME --json FILE}.
 *
 * <p>Each benchmark runs ours and the peer in turns on the same data, compares their answers, and
 * reports medians, the ratio and the spread. A run during which another process used the CPU is
 * repeated, and marked if it stays so. A new benchmark is a class that implements {@link Benchmark}
 * and a line in {@link Bench#ALL}.
 */
@NullMarked
package io.garrick.bench;

import org.jspecify.annotations.NullMarked;
