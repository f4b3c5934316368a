/**
 * How much of the cluster's log one store takes in, and at what price: a learner with its real
 * storage, and another process that plays the leader of all regions over loopback gRPC.
 *
 * <p>In: region count and rows from {@link io.garrick.bench.Benchmark.Settings}. Out: reports.
 * {@link io.garrick.bench.raft.Leader} is the other process, {@link
 * io.garrick.bench.raft.LearnerRig} this one.
 */
@NullMarked
package io.garrick.bench.raft;

import org.jspecify.annotations.NullMarked;
