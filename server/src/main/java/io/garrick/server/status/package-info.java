/** HTTP on the status port: health, metrics, and what TiDB asks of a columnar store. */
@NullMarked
package io.garrick.server.status;

import org.jspecify.annotations.NullMarked;
