/**
 * The Arrow Flight SQL server. In: RPCs. Out: batches of a {@link io.garrick.query.QueryEngine}.
 * Nothing of a query is kept between GetFlightInfo and DoGet: the ticket carries the statement and
 * its timestamp, sealed with a key of this process. Start at {@link
 * io.garrick.query.flight.FlightSqlFrontend}.
 */
@NullMarked
package io.garrick.query.flight;

import org.jspecify.annotations.NullMarked;
