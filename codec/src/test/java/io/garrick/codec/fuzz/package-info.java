/**
 * Fuzzers of every reader: whatever the bytes, a reader gives a value or a typed error.
 *
 * <p>Start at {@link io.garrick.codec.fuzz.Fuzz}. A {@link io.garrick.codec.fuzz.Fuzzer} runs one
 * input; {@link io.garrick.codec.fuzz.Judge} decides whether what came out is a finding. Inputs
 * come from a seeded mutator in this process, and from Jazzer, guided by coverage, in a second one.
 */
@NullMarked
package io.garrick.codec.fuzz;

import org.jspecify.annotations.NullMarked;
