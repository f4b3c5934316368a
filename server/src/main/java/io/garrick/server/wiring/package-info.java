/**
 * Adapters between neighbours that do not know each other, and the object graph of a running
 * server.
 */
@NullMarked
package io.garrick.server.wiring;

import org.jspecify.annotations.NullMarked;
