package io.garrick.codec.fuzz;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/** Decisions read from an input, so that a fuzzer that changes bytes changes decisions. */
final class Choices implements RandomGenerator {
    private final byte[] bytes;
    private int at;

    Choices(byte[] bytes) {
        this.bytes = bytes;
    }

    private int u8() {
        return at < bytes.length ? bytes[at++] & 0xff : 0;
    }

    byte[] rest() {
        return Arrays.copyOfRange(bytes, Math.min(at, bytes.length), bytes.length);
    }

    @Override
    public long nextLong() {
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value = value << 8 | u8();
        }
        return value;
    }

    @Override
    public int nextInt() {
        return u8() << 24 | u8() << 16 | u8() << 8 | u8();
    }

    /** As few bytes as the bound needs; when they are used up, always the same. */
    @Override
    public int nextInt(int bound) {
        int value = bound <= 256 ? u8() : nextInt() & Integer.MAX_VALUE;
        return value % bound;
    }

    @Override
    public int nextInt(int origin, int bound) {
        return origin + nextInt(bound - origin);
    }

    @Override
    public long nextLong(long origin, long bound) {
        return origin + Math.floorMod(nextLong(), bound - origin);
    }

    @Override
    public boolean nextBoolean() {
        return (u8() & 1) != 0;
    }
}
