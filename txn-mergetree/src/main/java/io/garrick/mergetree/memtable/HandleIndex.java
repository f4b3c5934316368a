package io.garrick.mergetree.memtable;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Open-addressing table from handle to row. One owner at a time. */
final class HandleIndex {
    private int[] slots; // row + 1; 0 is free
    private int size;

    HandleIndex(int capacity) {
        this.slots = new int[capacity];
    }

    /** A 64-bit hash that stands for a common handle; equal bytes are checked besides. */
    static long hash(byte[] bytes) {
        long hash = 0xcbf29ce484222325L; // FNV-1a
        for (byte b : bytes) {
            hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
        }
        return hash;
    }

    int get(MemtableRows rows, long handle, byte @Nullable [] common) {
        return slots[find(rows, handle, common)] - 1;
    }

    /** Maps the row's handle to the row; gives the row it was mapped to before, or -1. */
    int put(MemtableRows rows, long handle, int row) {
        if (size * 2 >= slots.length) {
            grow(rows);
        }
        int slot = find(rows, handle, rows.common(row));
        int previous = slots[slot] - 1;
        slots[slot] = row + 1;
        size += previous < 0 ? 1 : 0;
        return previous;
    }

    private int find(MemtableRows rows, long handle, byte @Nullable [] common) {
        int mask = slots.length - 1;
        int slot = mix(handle) & mask;
        while (slots[slot] != 0 && !same(rows, slots[slot] - 1, handle, common)) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private static boolean same(MemtableRows rows, int row, long handle, byte @Nullable [] common) {
        return rows.handle(row) == handle
                && (common == null || Arrays.equals(rows.common(row), common));
    }

    private void grow(MemtableRows rows) {
        int[] old = slots;
        slots = new int[old.length * 2];
        for (int entry : old) {
            if (entry != 0) {
                int row = entry - 1;
                slots[find(rows, rows.handle(row), rows.common(row))] = entry;
            }
        }
    }

    private static int mix(long handle) {
        long mixed = handle * 0x9e3779b97f4a7c15L;
        return (int) (mixed ^ mixed >>> 32);
    }
}
