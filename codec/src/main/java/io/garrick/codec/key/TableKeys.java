package io.garrick.codec.key;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;
import java.util.Arrays;

/**
 * Raw keys of tables: {@code t{physicalId}_r{handle}} and {@code t{physicalId}_i{indexId}...}.
 *
 * <p>The id is always the physical one, a partition's if the table has partitions (TiDB,
 * pkg/tablecodec).
 */
public final class TableKeys {
    /** {@code t}, eight bytes of id, {@code _r} or {@code _i}. */
    public static final int PREFIX_BYTES = 11;

    static final int TABLE_PREFIX_BYTES = 9;

    private TableKeys() {}

    public static Key tablePrefix(long tableId) {
        return Key.wrap(start(tableId).toBytes());
    }

    public static Key recordPrefix(long tableId) {
        return Key.wrap(start(tableId).u8('_').u8('r').toBytes());
    }

    public static Key recordKey(long tableId, long handle) {
        return Key.wrap(
                start(tableId).u8('_').u8('r').longBe(Numbers.comparableInt(handle)).toBytes());
    }

    /** {@code commonHandle} is already padded to nine bytes, as {@link #padCommonHandle} does. */
    public static Key recordKey(long tableId, byte[] commonHandle) {
        return Key.wrap(start(tableId).u8('_').u8('r').bytes(commonHandle).toBytes());
    }

    /** Datums shorter than nine bytes get zero bytes behind, so that no int handle looks alike. */
    public static byte[] padCommonHandle(byte[] datums) {
        return datums.length >= RecordKey.SMALLEST_COMMON_HANDLE_BYTES
                ? datums
                : Arrays.copyOf(datums, RecordKey.SMALLEST_COMMON_HANDLE_BYTES);
    }

    public static Key indexPrefix(long tableId, long indexId) {
        return Key.wrap(
                start(tableId).u8('_').u8('i').longBe(Numbers.comparableInt(indexId)).toBytes());
    }

    /** Every row of the physical table, and nothing else. */
    public static KeyRange recordRange(long physicalId) {
        Key prefix = recordPrefix(physicalId);
        return new KeyRange(prefix, prefix.prefixEnd());
    }

    /** {@link #recordRange} as regions and column families see it. */
    public static KeyRange encodedRecordRange(long physicalId) {
        return Memcomparable.encode(recordRange(physicalId));
    }

    /** Rows and indexes of the physical table. */
    public static KeyRange tableRange(long physicalId) {
        Key prefix = tablePrefix(physicalId);
        return new KeyRange(prefix, prefix.prefixEnd());
    }

    public static KeyRange encodedTableRange(long physicalId) {
        return Memcomparable.encode(tableRange(physicalId));
    }

    public static boolean isTableKey(byte[] rawKey) {
        return rawKey.length >= TABLE_PREFIX_BYTES && rawKey[0] == 't';
    }

    /** True also for a record prefix alone or a cut handle; see {@link RecordKey#parse}. */
    public static boolean isRecordKey(byte[] rawKey) {
        return isTableKey(rawKey)
                && rawKey.length >= PREFIX_BYTES
                && rawKey[9] == '_'
                && rawKey[10] == 'r';
    }

    public static boolean isIndexKey(byte[] rawKey) {
        return isTableKey(rawKey)
                && rawKey.length >= PREFIX_BYTES
                && rawKey[9] == '_'
                && rawKey[10] == 'i';
    }

    public static long tableIdOf(byte[] rawKey) {
        if (rawKey.length > 0 && rawKey[0] == 't' && rawKey.length < TABLE_PREFIX_BYTES) {
            throw new CodecException(
                    rawKey.length, "table key of " + rawKey.length + " bytes, not 9 or more");
        }
        if (!isTableKey(rawKey)) {
            throw new CodecException(0, "not a table key");
        }
        return Numbers.comparableInt(new ByteReader(rawKey, 1, rawKey.length).longBe());
    }

    public static long tableIdOf(Key rawKey) {
        return tableIdOf(rawKey.unsafeBytes());
    }

    /** The index id of an index key. */
    public static long indexIdOf(byte[] rawKey) {
        if (!isIndexKey(rawKey)) {
            throw new CodecException(0, "not an index key");
        }
        return Numbers.comparableInt(new ByteReader(rawKey, PREFIX_BYTES, rawKey.length).longBe());
    }

    private static ByteWriter start(long tableId) {
        return new ByteWriter(32).u8('t').longBe(Numbers.comparableInt(tableId));
    }
}
