package io.garrick.mergetree.part;

import com.github.luben.zstd.Zstd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/** Turns bytes of a page, whose checksum was verified, into values. One thread, reused. */
final class PageDecoder {
    private static final LZ4SafeDecompressor LZ4 = LZ4Factory.fastestInstance().safeDecompressor();

    private static final VarHandle WORD =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final Kernels kernels;
    // For pages of bytes; only then allocated.
    private long[] codes = {};
    private long[] lengths = {};
    private int[] dictOffsets = {};
    private long[] dictWords = {};
    private byte[] dictBytes = {};
    private long position;

    PageDecoder(Kernels kernels) {
        this.kernels = kernels;
    }

    void decode(MemorySegment page, ColumnPage into) {
        byte kind = page.get(ValueLayout.JAVA_BYTE, 0);
        into.hasNulls = (page.get(ValueLayout.JAVA_BYTE, 1) & PageLayout.FLAG_NULLS) != 0;
        into.count = page.get(PageLayout.INT, 4);
        position = PageLayout.HEADER_BYTES;
        if (into.hasNulls) {
            int validityWords = (into.count + 63) / 64;
            MemorySegment.copy(page, PageLayout.LONG, position, into.validity, 0, validityWords);
            position += (long) validityWords * Long.BYTES;
        }
        switch (kind) {
            case PageLayout.LONGS -> section(page, into.low, into.count);
            case PageLayout.PAIRS -> {
                into.needHigh();
                section(page, into.low, into.count);
                section(page, into.high, into.count);
            }
            case PageLayout.PLAIN_BYTES -> plain(page, into);
            case PageLayout.DICT_BYTES -> dictionary(page, into);
            default -> throw new IllegalStateException("page kind " + kind);
        }
    }

    static int count(MemorySegment page) {
        return page.get(PageLayout.INT, 4);
    }

    /** Page kind and encoding of its first section, for people. */
    static String describe(MemorySegment page) {
        long at = sectionOffset(page);
        int width = page.get(ValueLayout.JAVA_BYTE, at + 1);
        String section =
                switch (page.get(ValueLayout.JAVA_BYTE, at)) {
                    case PageLayout.CONST -> "const";
                    case PageLayout.FOR -> "for" + width;
                    case PageLayout.RLE -> "rle";
                    case PageLayout.DELTA -> "delta" + width;
                    default -> "unknown";
                };
        return switch (page.get(ValueLayout.JAVA_BYTE, 0)) {
            case PageLayout.LONGS -> section;
            case PageLayout.PAIRS -> "pairs-" + section;
            case PageLayout.PLAIN_BYTES -> "bytes";
            case PageLayout.DICT_BYTES -> "dict-" + section;
            default -> "unknown";
        };
    }

    /** Where the first section of a page begins; for random access to pages of longs. */
    static long sectionOffset(MemorySegment page) {
        boolean nulls = (page.get(ValueLayout.JAVA_BYTE, 1) & PageLayout.FLAG_NULLS) != 0;
        int count = page.get(PageLayout.INT, 4);
        return PageLayout.HEADER_BYTES + (nulls ? (count + 63) / 64 * 8L : 0);
    }

    /** One value of the section at {@code offset}. */
    static long longAt(MemorySegment page, long offset, int index) {
        byte encoding = page.get(ValueLayout.JAVA_BYTE, offset);
        long base = page.get(PageLayout.LONG, offset + 8);
        long payload = offset + PageLayout.SECTION_HEADER_BYTES;
        return switch (encoding) {
            case PageLayout.CONST -> base;
            case PageLayout.FOR -> {
                int width = page.get(ValueLayout.JAVA_BYTE, offset + 1);
                yield BitPack.get(page, PageLayout.LONG, payload, width, base, index);
            }
            case PageLayout.RLE -> {
                int runs = page.get(PageLayout.INT, payload);
                long ends = payload + 8 + runs * 8L;
                int low = 0;
                int high = runs - 1;
                while (low < high) {
                    int middle = (low + high) >>> 1;
                    if (page.get(PageLayout.INT, ends + middle * 4L) > index) {
                        high = middle;
                    } else {
                        low = middle + 1;
                    }
                }
                yield page.get(PageLayout.LONG, payload + 8 + low * 8L);
            }
            default -> throw new IllegalStateException("section encoding " + encoding);
        };
    }

    private void section(MemorySegment page, long[] out, int count) {
        byte encoding = page.get(ValueLayout.JAVA_BYTE, position);
        int width = page.get(ValueLayout.JAVA_BYTE, position + 1);
        int payloadBytes = page.get(PageLayout.INT, position + 4);
        long base = page.get(PageLayout.LONG, position + 8);
        long payload = position + PageLayout.SECTION_HEADER_BYTES;
        position = payload + payloadBytes;
        switch (encoding) {
            case PageLayout.CONST -> Arrays.fill(out, 0, count, base);
            case PageLayout.FOR -> {
                for (int from = 0; from < count; from += BitPack.BLOCK) {
                    kernels.unpack(page, payload, width, base, out, from);
                    payload += BitPack.blockBytes(width);
                }
            }
            case PageLayout.RLE -> runs(page, payload, out);
            case PageLayout.DELTA -> deltas(page, payload, width, base, out, count);
            default -> throw new IllegalStateException("section encoding " + encoding);
        }
    }

    private static void runs(MemorySegment page, long payload, long[] out) {
        int runs = page.get(PageLayout.INT, payload);
        long ends = payload + 8 + runs * 8L;
        int from = 0;
        for (int run = 0; run < runs; run++) {
            int end = page.get(PageLayout.INT, ends + run * 4L);
            Arrays.fill(out, from, end, page.get(PageLayout.LONG, payload + 8 + run * 8L));
            from = end;
        }
    }

    /** Each block begins with its first value; then every value is its neighbour's and more. */
    private void deltas(
            MemorySegment page, long payload, int width, long leastDelta, long[] out, int count) {
        int blocks = (count + BitPack.BLOCK - 1) / BitPack.BLOCK;
        long block = payload + (long) blocks * Long.BYTES;
        for (int from = 0; from < count; from += BitPack.BLOCK) {
            kernels.unpack(page, block, width, leastDelta, out, from);
            block += BitPack.blockBytes(width);
            int to = Math.min(count, from + BitPack.BLOCK);
            long value = page.get(PageLayout.LONG, payload + from / BitPack.BLOCK * 8L);
            out[from] = value;
            for (int i = from + 1; i < to; i++) {
                value += out[i];
                out[i] = value;
            }
        }
    }

    private void needLengths() {
        if (lengths.length == 0) {
            lengths = new long[ColumnPage.ROWS];
        }
    }

    private void plain(MemorySegment page, ColumnPage into) {
        into.needOffsets();
        needLengths();
        section(page, lengths, into.count);
        int offset = 0;
        into.offsets[0] = 0;
        for (int row = 0; row < into.count; row++) {
            offset += (int) lengths[row];
            into.offsets[row + 1] = offset;
        }
        into.needBytes(offset);
        byteRun(page, into.bytes, offset);
    }

    private void dictionary(MemorySegment page, ColumnPage into) {
        into.needOffsets();
        needLengths();
        if (codes.length == 0) {
            codes = new long[ColumnPage.ROWS];
            dictOffsets = new int[ColumnPage.ROWS + 1];
        }
        section(page, codes, into.count);
        int distinct = page.get(PageLayout.INT, position);
        position += 8;
        section(page, lengths, distinct);
        int size = 0;
        long longest = 0;
        for (int code = 0; code < distinct; code++) {
            dictOffsets[code] = size;
            size += (int) lengths[code];
            longest = Math.max(longest, lengths[code]);
        }
        if (dictBytes.length < size) {
            dictBytes = new byte[size];
        }
        byteRun(page, dictBytes, size);
        into.needBytes((int) Math.min(Integer.MAX_VALUE - 16, into.count * longest + Long.BYTES));
        if (longest <= Long.BYTES) {
            shortValues(into, distinct);
        } else {
            longValues(into);
        }
    }

    // Each value is one 8-byte store; the next value overwrites what is too much.
    private void shortValues(ColumnPage into, int distinct) {
        if (dictWords.length < distinct) {
            dictWords = new long[ColumnPage.ROWS];
        }
        for (int code = 0; code < distinct; code++) {
            long word = 0;
            for (int i = (int) lengths[code] - 1; i >= 0; i--) {
                word = word << 8 | (dictBytes[dictOffsets[code] + i] & 0xff);
            }
            dictWords[code] = word;
        }
        byte[] bytes = into.bytes;
        int[] offsets = into.offsets;
        int offset = 0;
        for (int row = 0; row < into.count; row++) {
            int code = (int) codes[row];
            offsets[row] = offset;
            WORD.set(bytes, offset, dictWords[code]);
            offset += (int) lengths[code];
        }
        offsets[into.count] = offset;
    }

    private void longValues(ColumnPage into) {
        int offset = 0;
        for (int row = 0; row < into.count; row++) {
            int code = (int) codes[row];
            int length = (int) lengths[code];
            into.offsets[row] = offset;
            System.arraycopy(dictBytes, dictOffsets[code], into.bytes, offset, length);
            offset += length;
        }
        into.offsets[into.count] = offset;
    }

    private void byteRun(MemorySegment page, byte[] into, int length) {
        int codec = page.get(PageLayout.INT, position);
        int rawLength = page.get(PageLayout.INT, position + 4);
        int stored = page.get(PageLayout.INT, position + 8);
        position += 12;
        if (rawLength != length) {
            throw new IllegalStateException("byte run of " + rawLength + ", lengths say " + length);
        }
        switch (codec) {
            case PageLayout.STORED ->
                    MemorySegment.copy(page, ValueLayout.JAVA_BYTE, position, into, 0, length);
            case PageLayout.LZ4 ->
                    LZ4.decompress(
                            page.asSlice(position, stored).asByteBuffer(),
                            0,
                            stored,
                            ByteBuffer.wrap(into),
                            0,
                            length);
            case PageLayout.ZSTD -> {
                byte[] compressed = page.asSlice(position, stored).toArray(ValueLayout.JAVA_BYTE);
                long found = Zstd.decompressByteArray(into, 0, length, compressed, 0, stored);
                if (found != length) {
                    throw new IllegalStateException(
                            "byte run of " + length + ", decompressed to " + found);
                }
            }
            default -> throw new IllegalStateException("codec " + codec);
        }
        position += stored;
    }
}
