/** The judges of the runs against raft-rs, judged. */
@org.jspecify.annotations.NullMarked
package io.garrick.peer;
