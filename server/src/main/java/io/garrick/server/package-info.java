/**
 * The only place where modules are wired together: the command line, configuration, process life,
 * status pages.
 *
 * <p>Nobody depends on this module. Start at {@link Main}; each command is a class in {@code cli}.
 */
@NullMarked
package io.garrick.server;

import org.jspecify.annotations.NullMarked;
