package io.garrick.server;

import java.io.Console;
import java.util.Optional;

/** Whether a person is looking. */
public final class Terminal {
    private Terminal() {}

    /** True if both ends of the process are a terminal. */
    public static boolean isInteractive() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }
}
