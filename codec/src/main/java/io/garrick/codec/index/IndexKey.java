package io.garrick.codec.index;

import io.garrick.codec.ByteReader;
import io.garrick.codec.CodecException;
import io.garrick.codec.key.Numbers;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.value.Datum;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code t{tableId}_i{indexId}} and the indexed datums; whether the last ones are the handle, only
 * the index's description tells (TiDB, pkg/tablecodec).
 *
 * @param indexId without the mark of a temporary index
 * @param datums indexed values and, in the key of a non-unique entry, the handle
 * @param partitionId of a global index that carries it in the key; then the datums behind it are
 *     {@code handle}
 */
public record IndexKey(
        long tableId,
        long indexId,
        boolean temporary,
        List<Datum> datums,
        @Nullable Long partitionId,
        List<Datum> handle) {
    private static final long TEMPORARY_MARK = 0x7fff_0000_0000_0000L;
    private static final long INDEX_ID_MASK = 0xffff_ffff_ffffL;
    private static final int PARTITION_FLAG = 0x7e;

    public IndexKey {
        datums = List.copyOf(datums);
        handle = List.copyOf(handle);
    }

    public static IndexKey parse(byte[] rawKey) {
        if (!TableKeys.isIndexKey(rawKey)) {
            throw new CodecException(0, "not an index key");
        }
        ByteReader in = new ByteReader(rawKey, TableKeys.PREFIX_BYTES, rawKey.length);
        long markedId = Numbers.comparableInt(in.longBe());
        List<Datum> datums = new ArrayList<>();
        List<Datum> handle = new ArrayList<>();
        Long partitionId = null;
        while (in.hasRemaining()) {
            if (partitionId == null && in.peekU8() == PARTITION_FLAG) {
                in.u8();
                partitionId = Numbers.comparableInt(in.longBe());
            } else if (partitionId == null) {
                datums.add(Datum.read(in));
            } else {
                handle.add(Datum.read(in));
            }
        }
        return new IndexKey(
                TableKeys.tableIdOf(rawKey),
                markedId & INDEX_ID_MASK,
                (markedId & TEMPORARY_MARK) == TEMPORARY_MARK,
                datums,
                partitionId,
                handle);
    }
}
