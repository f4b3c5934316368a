/**
 * A small Flight SQL client for the command line. In: an address and SQL. Out: printed rows. Start
 * at {@link io.garrick.query.client.SqlClient}.
 */
@NullMarked
package io.garrick.query.client;

import org.jspecify.annotations.NullMarked;
