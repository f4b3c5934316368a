package io.garrick.mergetree.part;

import com.github.luben.zstd.Zstd;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;

/**
 * Turns a page of values into bytes; picks the smallest encoding, but one that is slow to add up or
 * to search only if it is half as large. One thread, reused.
 */
final class PageEncoder {
    private static final int MAX_DICT = ColumnPage.ROWS / 4;
    private static final int HASH_SLOTS = 8192;
    private static final int SMALLEST_RUN = 64;

    private static final int ZSTD_LEVEL = 1;

    private final Compression compression;
    private final LZ4Compressor lz4 = LZ4Factory.fastestInstance().fastCompressor();
    private final long[] words = new long[BitPack.BLOCK];
    private final long[] scratch = new long[ColumnPage.ROWS];
    private final int[] slots = new int[HASH_SLOTS];
    private final int[] dictRows = new int[MAX_DICT];
    private byte[] dictBytes = {};
    private byte[] compressed = {};
    // Of the section in work.
    private long leastDelta;
    private int deltaWidth;
    private long[] differences = {};
    private ByteBuffer out = ByteBuffer.allocate(1 << 17).order(ByteOrder.LITTLE_ENDIAN);

    /** How runs of bytes are compressed. */
    enum Compression {
        /** Fast to read. */
        LZ4,
        /** Smaller; for parts that are seldom read. */
        ZSTD
    }

    PageEncoder(Compression compression) {
        this.compression = compression;
    }

    /**
     * The bytes of the page; valid until the next call.
     *
     * @param randomAccess single values will be asked for, so no encoding that hinders it
     */
    ByteBuffer encode(ColumnPage page, PartColumn.Kind kind, boolean randomAccess) {
        out.clear();
        if (page.hasNulls && kind != PartColumn.Kind.BYTES) {
            fillNulls(page, page.low);
            if (kind == PartColumn.Kind.LONG_PAIR) {
                fillNulls(page, page.high);
            }
        }
        switch (kind) {
            case LONG -> {
                header(PageLayout.LONGS, page);
                section(page.low, page.count, !randomAccess);
            }
            case LONG_PAIR -> {
                page.needHigh();
                header(PageLayout.PAIRS, page);
                section(page.low, page.count, false);
                section(page.high, page.count, false);
            }
            case BYTES -> {
                page.needOffsets();
                int distinct = buildDictionary(page);
                if (distinct >= 0) {
                    dictionary(page, distinct);
                } else {
                    plain(page);
                }
            }
        }
        return out.flip();
    }

    // A NULL's place takes a neighbour's value, so that it costs no width.
    private static void fillNulls(ColumnPage page, long[] values) {
        long last = 0;
        for (int row = 0; row < page.count; row++) {
            if (!page.isNull(row)) {
                last = values[row];
                break;
            }
        }
        for (int row = 0; row < page.count; row++) {
            if (page.isNull(row)) {
                values[row] = last;
            } else {
                last = values[row];
            }
        }
    }

    private void header(byte pageKind, ColumnPage page) {
        need(PageLayout.HEADER_BYTES + page.count / 8 + 8);
        out.put(pageKind);
        out.put(page.hasNulls ? PageLayout.FLAG_NULLS : 0);
        out.putShort((short) 0);
        out.putInt(page.count);
        if (page.hasNulls) {
            for (int word = 0; word < (page.count + 63) / 64; word++) {
                out.putLong(page.validity[word]);
            }
        }
    }

    private void section(long[] values, int count, boolean deltas) {
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        int runs = count == 0 ? 0 : 1;
        for (int i = 0; i < count; i++) {
            min = Math.min(min, values[i]);
            max = Math.max(max, values[i]);
        }
        for (int i = 1; i < count; i++) {
            runs += values[i] == values[i - 1] ? 0 : 1;
        }
        if (runs <= 1) {
            sectionHeader(PageLayout.CONST, 0, 0, count == 0 ? 0 : min);
            return;
        }
        int width = BitPack.widthOf(max - min);
        int blockCount = (count + BitPack.BLOCK - 1) / BitPack.BLOCK;
        int packedBytes = blockCount * BitPack.blockBytes(width);
        int runBytes = 8 + runs * 12;
        int smallest = Math.min(packedBytes, runBytes);
        if (deltas && deltaBytes(values, count) * 2 < smallest) {
            deltas(values, count);
        } else if (runBytes * 2 < packedBytes) {
            sectionHeader(PageLayout.RLE, 0, runBytes, 0);
            runs(values, count, runs, runBytes);
        } else {
            sectionHeader(PageLayout.FOR, width, packedBytes, min);
            blocks(values, count, min, width);
        }
    }

    private void blocks(long[] values, int count, long base, int width) {
        for (int from = 0; from < count; from += BitPack.BLOCK) {
            need(BitPack.blockBytes(width));
            BitPack.pack(values, from, Math.min(BitPack.BLOCK, count - from), base, width, words);
            for (int word = 0; word < BitPack.blockWords(width); word++) {
                out.putLong(words[word]);
            }
        }
    }

    private static boolean startsBlock(int i) {
        return i % BitPack.BLOCK == 0;
    }

    /** Size of the section as differences; leaves the smallest and the width behind. */
    private int deltaBytes(long[] values, int count) {
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (int i = 1; i < count; i++) {
            if (!startsBlock(i)) {
                long delta = values[i] - values[i - 1];
                min = Math.min(min, delta);
                max = Math.max(max, delta);
            }
        }
        leastDelta = min;
        deltaWidth = min > max ? 0 : BitPack.widthOf(max - min);
        int blocks = (count + BitPack.BLOCK - 1) / BitPack.BLOCK;
        return blocks * (Long.BYTES + BitPack.blockBytes(deltaWidth));
    }

    private void deltas(long[] values, int count) {
        int bytes = deltaBytes(values, count);
        sectionHeader(PageLayout.DELTA, deltaWidth, bytes, leastDelta);
        need(bytes);
        for (int i = 0; i < count; i += BitPack.BLOCK) {
            out.putLong(values[i]);
        }
        if (differences.length == 0) {
            differences = new long[ColumnPage.ROWS];
        }
        for (int i = 0; i < count; i++) {
            differences[i] = startsBlock(i) ? leastDelta : values[i] - values[i - 1];
        }
        blocks(differences, count, leastDelta, deltaWidth);
    }

    private void runs(long[] values, int count, int runs, int runBytes) {
        need(runBytes);
        out.putInt(runs);
        out.putInt(0);
        for (int i = 1; i <= count; i++) {
            if (i == count || values[i] != values[i - 1]) {
                out.putLong(values[i - 1]);
            }
        }
        for (int i = 1; i <= count; i++) {
            if (i == count || values[i] != values[i - 1]) {
                out.putInt(i);
            }
        }
    }

    private void sectionHeader(byte encoding, int width, int payloadBytes, long base) {
        need(PageLayout.SECTION_HEADER_BYTES);
        out.put(encoding);
        out.put((byte) width);
        out.putShort((short) 0);
        out.putInt(payloadBytes);
        out.putLong(base);
    }

    private void plain(ColumnPage page) {
        header(PageLayout.PLAIN_BYTES, page);
        for (int row = 0; row < page.count; row++) {
            scratch[row] = (long) page.offsets[row + 1] - page.offsets[row];
        }
        section(scratch, page.count, false);
        byteRun(page.bytes, page.offsets[page.count]);
    }

    private void dictionary(ColumnPage page, int distinct) {
        header(PageLayout.DICT_BYTES, page);
        section(scratch, page.count, false); // codes, left there by buildDictionary
        int size = 0;
        for (int code = 0; code < distinct; code++) {
            int row = dictRows[code];
            int length = page.offsets[row + 1] - page.offsets[row];
            scratch[code] = length;
            if (dictBytes.length < size + length) {
                dictBytes = Arrays.copyOf(dictBytes, Math.max(size + length, size * 2));
            }
            System.arraycopy(page.bytes, page.offsets[row], dictBytes, size, length);
            size += length;
        }
        need(8);
        out.putInt(distinct);
        out.putInt(0);
        section(scratch, distinct, false);
        byteRun(dictBytes, size);
    }

    private void byteRun(byte[] bytes, int length) {
        int packed = length < SMALLEST_RUN ? length : compress(bytes, length);
        boolean useful = packed < length - length / 16;
        need(12 + length);
        int codec = compression == Compression.LZ4 ? PageLayout.LZ4 : PageLayout.ZSTD;
        out.putInt(useful ? codec : PageLayout.STORED);
        out.putInt(length);
        out.putInt(useful ? packed : length);
        out.put(useful ? compressed : bytes, 0, useful ? packed : length);
    }

    private int compress(byte[] bytes, int length) {
        boolean fast = compression == Compression.LZ4;
        int bound =
                fast
                        ? lz4.maxCompressedLength(length)
                        : Math.toIntExact(Zstd.compressBound(length));
        if (compressed.length < bound) {
            compressed = new byte[bound];
        }
        return fast
                ? lz4.compress(bytes, 0, length, compressed, 0)
                : Math.toIntExact(
                        Zstd.compressByteArray(compressed, 0, bound, bytes, 0, length, ZSTD_LEVEL));
    }

    /** Puts each row's code into {@code scratch}; -1 if a dictionary does not pay. */
    private int buildDictionary(ColumnPage page) {
        int limit = Math.min(MAX_DICT, page.count / 4);
        Arrays.fill(slots, 0);
        int distinct = 0;
        for (int row = 0; row < page.count; row++) {
            int from = page.offsets[row];
            int to = page.offsets[row + 1];
            int slot = hash(page.bytes, from, to) & (HASH_SLOTS - 1);
            int code;
            while ((code = slots[slot] - 1) >= 0 && !same(page, from, to, dictRows[code])) {
                slot = (slot + 1) & (HASH_SLOTS - 1);
            }
            if (code < 0) {
                if (distinct == limit) {
                    return -1;
                }
                code = distinct++;
                dictRows[code] = row;
                slots[slot] = code + 1;
            }
            scratch[row] = code;
        }
        return distinct;
    }

    private static boolean same(ColumnPage page, int from, int to, int other) {
        return Arrays.equals(
                page.bytes, from, to, page.bytes, page.offsets[other], page.offsets[other + 1]);
    }

    private static int hash(byte[] bytes, int from, int to) {
        int hash = to - from;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + bytes[i];
        }
        return hash ^ hash >>> 15;
    }

    private void need(int size) {
        if (out.remaining() < size) {
            int capacity = Math.max(out.capacity() * 2, out.position() + size);
            out = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(out.flip());
        }
    }
}
