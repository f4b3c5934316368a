package io.garrick.codec;

/** Bytes that do not follow their format. Says where and why; the caller knows whose bytes. */
public final class CodecException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int offset;
    private final String reason;

    /** {@code offset} counts from the start of the bytes handed to the reader. */
    public CodecException(int offset, String reason) {
        super("malformed bytes at offset " + offset + ": " + reason);
        this.offset = offset;
        this.reason = reason;
    }

    public int offset() {
        return offset;
    }

    public String reason() {
        return reason;
    }
}
