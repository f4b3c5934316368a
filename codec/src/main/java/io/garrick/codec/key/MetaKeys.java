package io.garrick.codec.key;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;

/**
 * Raw keys of TiDB's own data about schemas: strings, hashes and lists under the prefix {@code m}
 * (TiDB, pkg/structure and pkg/meta).
 */
public final class MetaKeys {
    private static final int PREFIX = 'm';

    private MetaKeys() {}

    /** What a meta key holds. */
    public enum Kind {
        STRING('s'),
        STRING_META('S'),
        HASH('h'),
        HASH_META('H'),
        LIST('l'),
        LIST_META('L');

        private final char flag;

        Kind(char flag) {
            this.flag = flag;
        }

        static Kind of(int offset, long flag) {
            for (Kind kind : values()) {
                if (kind.flag == flag) {
                    return kind;
                }
            }
            throw new CodecException(offset, "unknown kind of meta key " + flag);
        }
    }

    /**
     * A meta key taken apart.
     *
     * @param field of a hash; empty for every other kind
     * @param index of a list; zero for every other kind
     */
    public record Parsed(Kind kind, Key key, Key field, long index) {
        public String keyText() {
            return new String(key.unsafeBytes(), UTF_8);
        }

        public String fieldText() {
            return new String(field.unsafeBytes(), UTF_8);
        }
    }

    public static boolean isMetaKey(byte[] rawKey) {
        return rawKey.length > 0 && rawKey[0] == PREFIX;
    }

    public static Key string(String key) {
        return Key.wrap(start(key.getBytes(UTF_8), Kind.STRING).toBytes());
    }

    public static Key hashField(String key, String field) {
        return hashField(key, field.getBytes(UTF_8));
    }

    public static Key hashField(String key, byte[] field) {
        return Key.wrap(
                start(key.getBytes(UTF_8), Kind.HASH).bytes(Memcomparable.encode(field)).toBytes());
    }

    /** The common start of every field of the hash. */
    public static Key hashPrefix(String key) {
        return Key.wrap(start(key.getBytes(UTF_8), Kind.HASH).toBytes());
    }

    public static KeyRange hashRange(String key) {
        Key prefix = hashPrefix(key);
        return new KeyRange(prefix, prefix.prefixEnd());
    }

    public static Key listMeta(String key) {
        return Key.wrap(start(key.getBytes(UTF_8), Kind.LIST_META).toBytes());
    }

    public static Key listItem(String key, long index) {
        return Key.wrap(
                start(key.getBytes(UTF_8), Kind.LIST)
                        .longBe(Numbers.comparableInt(index))
                        .toBytes());
    }

    /** The global schema version, as decimal text. */
    public static Key schemaVersion() {
        return string("SchemaVersionKey");
    }

    /** The change that led to {@code version}. */
    public static Key diff(long version) {
        return string("Diff:" + version);
    }

    /** The last id given to a database, table or partition, as decimal text. */
    public static Key nextGlobalId() {
        return string("NextGlobalID");
    }

    public static Key bootstrap() {
        return string("BootstrapKey");
    }

    /** All databases: field {@code DB:{id}}, value DBInfo. */
    public static KeyRange databases() {
        return hashRange("DBs");
    }

    public static Key database(long databaseId) {
        return hashField("DBs", "DB:" + databaseId);
    }

    /** Tables of a database and their counters: only fields {@code Table:{id}} are tables. */
    public static KeyRange tables(long databaseId) {
        return hashRange("DB:" + databaseId);
    }

    public static Key table(long databaseId, long tableId) {
        return hashField("DB:" + databaseId, "Table:" + tableId);
    }

    /** The auto-increment base of a table, as decimal text. */
    public static Key autoTableId(long databaseId, long tableId) {
        return hashField("DB:" + databaseId, "TID:" + tableId);
    }

    public static Parsed parse(byte[] rawKey) {
        if (!isMetaKey(rawKey)) {
            throw new CodecException(0, "not a meta key");
        }
        ByteReader in = new ByteReader(rawKey, 1, rawKey.length);
        Key key = Key.wrap(Memcomparable.read(in));
        int flagOffset = in.position();
        Kind kind = Kind.of(flagOffset, in.longBe());
        Key field = Key.EMPTY;
        long index = 0;
        if (kind == Kind.HASH && in.hasRemaining()) {
            field = Key.wrap(Memcomparable.read(in));
        } else if (kind == Kind.LIST) {
            index = Numbers.comparableInt(in.longBe());
        }
        in.expectEnd();
        return new Parsed(kind, key, field, index);
    }

    public static Parsed parse(Key rawKey) {
        return parse(rawKey.unsafeBytes());
    }

    /** The number in decimal text, as counters and the schema version are stored. */
    public static long decimalValue(byte[] value) {
        try {
            return Long.parseLong(new String(value, US_ASCII).strip());
        } catch (NumberFormatException failure) {
            throw new CodecException(0, "not a decimal number: " + failure.getMessage());
        }
    }

    public static byte[] decimalText(long value) {
        return Long.toString(value).getBytes(US_ASCII);
    }

    private static ByteWriter start(byte[] key, Kind kind) {
        return new ByteWriter(64).u8(PREFIX).bytes(Memcomparable.encode(key)).longBe(kind.flag);
    }
}
