/**
 * Builds the peers of other languages that our code is tested against.
 *
 * <p>In: a project below {@code integration-tests/peers} and a time limit. Out: a program, or why
 * this machine has none. A tool or a registry that is not here is no failure of the project, but it
 * is never silent: the caller prints {@code SKIPPED name: reason}. Start at {@link
 * io.garrick.toolchain.PeerBuild}.
 */
@NullMarked
package io.garrick.toolchain;

import org.jspecify.annotations.NullMarked;
