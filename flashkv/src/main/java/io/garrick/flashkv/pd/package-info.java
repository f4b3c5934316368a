/**
 * The placement driver's role: who is in the cluster, which store has which region, what time it
 * is.
 *
 * <p>In: {@code pdpb.PD} over gRPC, from stores and clients; placement rules over HTTP. Out:
 * routing, timestamps, ids, and orders to region leaders (add, promote or remove a peer, split,
 * move the lead). One process plays the whole role; everything it must not forget is synced before
 * it is told. Start at {@link PdServer}.
 *
 * <p>Inside: {@code Cluster} is the state, under one lock. {@code TsoOracle} has its own. {@code
 * Scheduler} decides and does nothing else; {@code OperatorBook} remembers what was ordered. Facts:
 * tikv/pd {@code server/grpc_service.go}, {@code server/cluster/cluster.go}, {@code
 * pkg/schedule/placement}.
 */
@NullMarked
package io.garrick.flashkv.pd;

import org.jspecify.annotations.NullMarked;
