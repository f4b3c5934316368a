package io.garrick.codec.fuzz;

/**
 * One reader under test.
 *
 * @param name the word in reports and in the file of findings
 */
record Fuzzer(String name, Body body) {
    /** Runs one input; throws what {@link Judge} does not know as typed if something is wrong. */
    @FunctionalInterface
    interface Body {
        void run(byte[] input);
    }

    void run(byte[] input) {
        body.run(input);
    }

    /** Two results that must be the same are not. */
    static void same(Object expected, Object found, String what) {
        if (!expected.equals(found)) {
            throw new AssertionError(what + ": " + expected + " became " + found);
        }
    }
}
