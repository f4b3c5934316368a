package io.garrick.codec.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Makes inputs from others, repeatably for a seed. Inputs that took a way out that no other took
 * join the ones to start from: a poor man's coverage.
 */
final class Mutator {
    private static final int LONGEST = 4096;
    private static final int MOST_KEPT = 2000;
    private static final long[] INTERESTING = {
        0,
        1,
        -1,
        7,
        8,
        9,
        127,
        128,
        255,
        256,
        32767,
        65535,
        65536,
        0x7fffffffL,
        0x80000000L,
        0xffffffffL,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    private final SplittableRandom random;
    private final List<byte[]> corpus;
    private final Set<String> shapes = new HashSet<>();

    Mutator(long seed, List<byte[]> seeds) {
        this.random = new SplittableRandom(seed);
        this.corpus = new ArrayList<>(seeds);
    }

    byte[] next() {
        byte[] out = pick().clone();
        for (int left = 1 + random.nextInt(6); left > 0; left--) {
            out = changed(out);
        }
        return out.length > LONGEST ? Arrays.copyOf(out, LONGEST) : out;
    }

    /** Tells how the input ended. */
    void learn(byte[] input, String shape) {
        boolean isNew = shapes.add(shape + "/" + (32 - Integer.numberOfLeadingZeros(input.length)));
        boolean isLucky = shape.equals("value") && random.nextInt(64) == 0;
        if ((isNew || isLucky) && corpus.size() < MOST_KEPT) {
            corpus.add(input);
        }
    }

    private byte[] pick() {
        return corpus.get(random.nextInt(corpus.size()));
    }

    private byte[] changed(byte[] in) {
        int at = in.length == 0 ? 0 : random.nextInt(in.length);
        byte[] out = in.clone();
        switch (random.nextInt(10)) {
            case 0, 1 -> {
                if (out.length > 0) {
                    out[at] ^= (byte) (1 << random.nextInt(8));
                }
            }
            case 2 -> {
                if (out.length > 0) {
                    out[at] = (byte) random.nextInt(256);
                }
            }
            case 3 -> {
                return replaced(in, at, at, random(1 + random.nextInt(12)));
            }
            case 4 -> {
                int count = random.nextInt(1 + Math.min(16, in.length - at));
                return replaced(in, at, at + count, new byte[0]);
            }
            case 5 -> {
                byte[] number = number();
                return replaced(in, at, Math.min(in.length, at + number.length), number);
            }
            case 6 -> {
                return Arrays.copyOf(in, at);
            }
            case 7 -> {
                byte[] other = pick();
                int from = other.length == 0 ? 0 : random.nextInt(other.length);
                return replaced(in, at, in.length, Arrays.copyOfRange(other, from, other.length));
            }
            case 8 -> {
                byte[] part =
                        Arrays.copyOfRange(in, at, Math.min(in.length, at + random.nextInt(32)));
                return replaced(in, at, at, part);
            }
            default -> {
                return random(random.nextInt(24));
            }
        }
        return out;
    }

    private byte[] random(int length) {
        byte[] out = new byte[length];
        random.nextBytes(out);
        return out;
    }

    private byte[] number() {
        int width = 1 << random.nextInt(4);
        long value = INTERESTING[random.nextInt(INTERESTING.length)];
        ByteBuffer out = ByteBuffer.allocate(Long.BYTES);
        if (random.nextBoolean()) {
            out.order(ByteOrder.LITTLE_ENDIAN).putLong(value);
            return Arrays.copyOf(out.array(), width);
        }
        return Arrays.copyOfRange(out.putLong(value).array(), Long.BYTES - width, Long.BYTES);
    }

    private static byte[] replaced(byte[] in, int from, int to, byte[] part) {
        byte[] out = Arrays.copyOf(in, in.length - (to - from) + part.length);
        System.arraycopy(part, 0, out, from, part.length);
        System.arraycopy(in, to, out, from + part.length, in.length - to);
        return out;
    }
}
