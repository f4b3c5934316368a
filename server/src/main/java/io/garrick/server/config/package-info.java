/** What an operator can set, from a TOML file and from flags. */
@NullMarked
package io.garrick.server.config;

import org.jspecify.annotations.NullMarked;
