/**
 * The demonstration: loads TPC-H through transactions, keeps a writer running, checks every answer.
 */
@NullMarked
package io.garrick.server.demo;

import org.jspecify.annotations.NullMarked;
