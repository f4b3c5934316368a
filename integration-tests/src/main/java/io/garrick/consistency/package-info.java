/**
 * Transactions against an embedded cluster while it is made to fail, and a check of what they saw.
 *
 * <p>In: a target, workloads, faults, a seed. Out: a report; anomalies are what a correct cluster
 * never shows. Workloads act through {@code kv-client} as any program would; {@link
 * io.garrick.consistency.FaultInjector} follows a schedule that the seed decides. Start at {@link
 * io.garrick.consistency.Consistency}.
 */
@NullMarked
package io.garrick.consistency;

import org.jspecify.annotations.NullMarked;
