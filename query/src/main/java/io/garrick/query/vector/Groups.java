package io.garrick.query.vector;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.FieldVector;

/** The groups of one worker, numbered from 0 in the order they were met. */
final class Groups {
    private final List<KeyCoder> coders = new ArrayList<>();

    /** Number {@code (prefix group, code)} for the second key and each one after it. */
    private final List<KeyCoder.Longs> pairs = new ArrayList<>();

    private final List<Expr> keys;
    private int[][] codesOfGroup = new int[16][];
    private int count;
    private int[] groupOfCode = new int[16];

    Groups(List<Expr.Typed> keys) {
        this.keys = keys.stream().map(Expr.Typed::expr).toList();
        for (Expr.Typed key : keys) {
            coders.add(KeyCoder.of(key.kind()));
        }
        for (int i = 1; i < keys.size(); i++) {
            pairs.add(new KeyCoder.Longs());
        }
        if (keys.isEmpty()) {
            count = 1;
        }
    }

    int count() {
        return count;
    }

    /** The group of each row of the chunk. */
    int[] of(Rows rows) {
        int[] ids = new int[rows.count()];
        if (coders.isEmpty()) {
            return ids;
        }
        int[][] codes = new int[coders.size()][rows.count()];
        for (int key = 0; key < codes.length; key++) {
            coders.get(key).encode(keys.get(key).eval(rows), rows.count(), codes[key]);
        }
        combine(codes, rows.count(), ids);
        return ids;
    }

    private void combine(int[][] codes, int rows, int[] ids) {
        int[] combined = codes[0].clone();
        long[] pair = new long[rows];
        for (int key = 1; key < codes.length; key++) {
            for (int i = 0; i < rows; i++) {
                pair[i] = (long) combined[i] << Integer.SIZE | codes[key][i];
            }
            pairs.get(key - 1).encode(new Column.Longs(pair, null), rows, combined);
        }
        for (int i = 0; i < rows; i++) {
            int code = combined[i];
            if (code >= groupOfCode.length) {
                groupOfCode =
                        Arrays.copyOf(groupOfCode, Math.max(code + 1, 2 * groupOfCode.length));
            }
            // Groups are kept plus one: 0 is a code not met yet.
            if (groupOfCode[code] == 0) {
                add(code, codes, i);
            }
            ids[i] = groupOfCode[code] - 1;
        }
    }

    private void add(int code, int[][] codes, int row) {
        if (count == codesOfGroup.length) {
            codesOfGroup = Arrays.copyOf(codesOfGroup, 2 * count);
        }
        int[] own = new int[codes.length];
        for (int key = 0; key < own.length; key++) {
            own[key] = codes[key][row];
        }
        codesOfGroup[count] = own;
        count++;
        groupOfCode[code] = count;
    }

    /** Takes in the groups of {@code other}; answers which group here each of them is. */
    int[] absorb(Groups other) {
        int[] mapping = new int[other.count];
        if (coders.isEmpty()) {
            return mapping;
        }
        int[][] codes = new int[coders.size()][other.count];
        for (int group = 0; group < other.count; group++) {
            for (int key = 0; key < codes.length; key++) {
                codes[key][group] =
                        coders.get(key)
                                .codeOf(other.coders.get(key), other.codesOfGroup[group][key]);
            }
        }
        combine(codes, other.count, mapping);
        return mapping;
    }

    void write(int key, int group, FieldVector out, int row) {
        coders.get(key).write(codesOfGroup[group][key], out, row);
    }
}
