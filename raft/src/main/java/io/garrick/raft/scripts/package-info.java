/**
 * Runs etcd-io/raft's data driven test scripts against this implementation.
 *
 * <p>In: a folder of scripts, each a list of commands with the text they must print. Out: how many
 * passed, failed and were left out. All text (log lines, Readies, messages) is made here, from
 * events and Readies of the core; the core itself knows none of it. The scripts are etcd's and not
 * part of this project. Start at {@link io.garrick.raft.scripts.RaftScripts}; {@code ./dev
 * raft-scripts FOLDER} calls it.
 */
@NullMarked
package io.garrick.raft.scripts;

import org.jspecify.annotations.NullMarked;
