package io.garrick.codec.vectors;

/** What an op asks of this module. */
@FunctionalInterface
interface Op {
    /**
     * The answer in the spelling of the expected column.
     *
     * @throws Complaint if the bytes can be read but not written back
     */
    String answer(Vector vector);

    /** An answer that is right in itself but contradicts the vector's bytes. */
    final class Complaint extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Complaint(String reason) {
            super(reason);
        }
    }

    /** The bytes written back must be the bytes read. */
    static void sameBytes(byte[] read, byte[] written) {
        if (!java.util.Arrays.equals(read, written)) {
            throw new Complaint("written back as " + java.util.HexFormat.of().formatHex(written));
        }
    }
}
