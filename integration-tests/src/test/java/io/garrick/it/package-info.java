/** The whole engine under test: real processes, real clients, and the rules of the house. */
@NullMarked
package io.garrick.it;

import org.jspecify.annotations.NullMarked;
