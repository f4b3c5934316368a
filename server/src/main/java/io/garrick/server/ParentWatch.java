package io.garrick.server;

import java.io.IOException;

/**
 * Ends a child process when the one that started it is gone: the parent holds the other end of
 * standard input and never writes to it, so an end of file means that the parent closed it or died.
 */
public final class ParentWatch {
    private ParentWatch() {}

    public static void exitWithParent() {
        Thread.ofPlatform()
                .daemon()
                .name("parent-watch")
                .start(() -> {
                    try {
                        while (System.in.read() >= 0) {
                            // Whatever the parent writes means nothing.
                        }
                    } catch (IOException e) {
                        // Gone as well.
                    }
                    System.exit(0);
                });
    }
}
