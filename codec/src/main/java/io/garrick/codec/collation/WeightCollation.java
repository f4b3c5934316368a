package io.garrick.codec.collation;

import io.garrick.codec.ByteWriter;
import io.garrick.codec.value.Utf8;
import java.util.Arrays;

/**
 * Compares the weights of characters, one after the other.
 *
 * @param pad trailing spaces do not count
 * @param lenient bytes that are not UTF-8 weigh a question mark; otherwise the key ends at them
 */
record WeightCollation(Weights weights, boolean pad, boolean lenient) implements Collation {
    private static final int QUESTION_MARK = '?';

    static WeightCollation padded(Weights weights) {
        return new WeightCollation(weights, true, false);
    }

    static WeightCollation exact(Weights weights) {
        return new WeightCollation(weights, false, false);
    }

    static WeightCollation lenient(Weights weights) {
        return new WeightCollation(weights, true, true);
    }

    @Override
    public byte[] sortKey(byte[] utf8) {
        ByteWriter out = new ByteWriter(utf8.length * 2);
        write(utf8, out);
        return out.toBytes();
    }

    /**
     * Where one key ends at bytes that are not UTF-8, and nothing differs before, they are equal.
     */
    @Override
    public int compare(byte[] left, byte[] right) {
        ByteWriter leftOut = new ByteWriter(left.length * 2);
        ByteWriter rightOut = new ByteWriter(right.length * 2);
        boolean leftCut = write(left, leftOut);
        boolean rightCut = write(right, rightOut);
        byte[] leftKey = leftOut.toBytes();
        byte[] rightKey = rightOut.toBytes();
        int difference = Arrays.mismatch(leftKey, rightKey);
        boolean leftIsPrefix = difference == leftKey.length;
        boolean rightIsPrefix = difference == rightKey.length;
        if (difference < 0 || (leftIsPrefix && leftCut) || (rightIsPrefix && rightCut)) {
            return 0;
        }
        return Integer.signum(Arrays.compareUnsigned(leftKey, rightKey));
    }

    /** Whether the key was cut short by bytes that are not UTF-8. */
    private boolean write(byte[] utf8, ByteWriter out) {
        int limit = pad ? ByteCollation.trimmedLength(utf8) : utf8.length;
        int at = 0;
        while (at < limit) {
            int length = Utf8.lengthAt(utf8, at, limit);
            if (length > 0) {
                weights.append(Utf8.codePointAt(utf8, at, length), out);
                at += length;
            } else if (lenient) {
                out.u8(QUESTION_MARK);
                at++;
            } else {
                return true;
            }
        }
        return false;
    }
}
