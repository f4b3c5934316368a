package io.garrick.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.base.Key;
import io.garrick.codec.index.IndexKey;
import io.garrick.codec.key.KeyspaceKey;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MetaKeys;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.record.LastChange;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.codec.row.PlainRowDecoder;
import io.garrick.codec.row.RowChecksum;
import io.garrick.codec.row.RowV1;
import io.garrick.codec.row.RowV2;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import io.garrick.codec.value.Datum;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.codec.value.JsonBinary;
import io.garrick.codec.value.JsonText;
import io.garrick.codec.value.PackedTime;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Shows bytes of TiDB and TiKV as JSON, for people: what {@code garrick decode} prints. */
public final class DecodeTool {
    /** What the bytes are. */
    public enum Kind {
        KEY,
        DATUM,
        ROW,
        WRITE,
        LOCK,
        JSON,
        DECIMAL,
        TIME
    }

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int DATA_PREFIX = 'z';

    private DecodeTool() {}

    /**
     * JSON text.
     *
     * @param kind a name of {@link Kind}, in any case
     * @param tableInfoJson TiDB's description of the table, for {@code key} and {@code row}
     * @throws CodecException if the bytes are not of that kind
     * @throws IllegalArgumentException if kind or hex cannot be read
     */
    public static String decode(String kind, String hex, Optional<String> tableInfoJson) {
        Kind known = kindNamed(kind);
        byte[] bytes = bytes(hex.strip().replaceFirst("^0[xX]", ""));
        Optional<TableSchema> table = tableInfoJson.map(DecodeTool::table);
        return decode(known, bytes, table).toString();
    }

    private static Kind kindNamed(String name) {
        for (Kind kind : Kind.values()) {
            if (kind.name().equalsIgnoreCase(name)) {
                return kind;
            }
        }
        String kinds =
                Arrays.toString(Kind.values()).toLowerCase(Locale.ROOT).replaceAll("[\\[\\]]", "");
        throw new IllegalArgumentException("unknown kind '" + name + "', not one of " + kinds);
    }

    private static byte[] bytes(String hex) {
        for (int i = 0; i < hex.length(); i++) {
            if (!HexFormat.isHexDigit(hex.charAt(i))) {
                throw new IllegalArgumentException(
                        "not hexadecimal: '" + hex.charAt(i) + "' at character " + i);
            }
        }
        if (hex.length() % 2 != 0) {
            throw new IllegalArgumentException(
                    "half a byte: " + hex.length() + " hexadecimal digits");
        }
        return HexFormat.of().parseHex(hex);
    }

    private static TableSchema table(String json) {
        try {
            return TableInfoJson.parse("", json.getBytes(UTF_8));
        } catch (CodecException malformed) {
            throw new IllegalArgumentException("table: " + malformed.getMessage(), malformed);
        }
    }

    private static JsonNode decode(Kind kind, byte[] bytes, Optional<TableSchema> table) {
        return switch (kind) {
            case KEY -> key(bytes);
            case DATUM -> datums(bytes);
            case ROW -> row(bytes, table);
            case WRITE -> write(WriteRecord.parse(bytes));
            case LOCK -> lock(LockRecord.parse(bytes));
            case JSON -> json(bytes);
            case DECIMAL -> decimal(bytes);
            case TIME -> time(bytes);
        };
    }

    /** Raw, encoded, encoded with a ts, or with the data prefix: what fits is shown. */
    private static ObjectNode key(byte[] bytes) {
        ObjectNode out = object();
        byte[] key = bytes;
        if (key.length > 0 && key[0] == DATA_PREFIX) {
            out.put("data_prefix", true);
            key = Arrays.copyOfRange(key, 1, key.length);
        }
        byte[] raw = key;
        Optional<Integer> encodedLength = encodedLength(key);
        if (encodedLength.isPresent()) {
            int length = encodedLength.get();
            raw = Memcomparable.decode(Arrays.copyOf(key, length));
            out.put("form", key.length == length ? "encoded" : "encoded_with_ts");
            if (key.length > length) {
                putTs(out, "ts", MvccKey.tsOf(key));
            }
        } else {
            out.put("form", "raw");
        }
        out.put("raw", HexFormat.of().formatHex(raw));
        if (raw.length >= 4 && (raw[0] == 'x' || raw[0] == 'r')) {
            KeyspaceKey keyspace = KeyspaceKey.parse(raw);
            out.put("keyspace_id", keyspace.keyspaceId());
            raw = keyspace.userKey().unsafeBytes();
        }
        addRawKey(out, raw);
        return out;
    }

    /** Of keys that are memcomparable as a whole, perhaps with a ts behind. */
    private static Optional<Integer> encodedLength(byte[] key) {
        try {
            int length = Memcomparable.encodedLengthAt(key, 0, key.length);
            Memcomparable.decode(Arrays.copyOf(key, length));
            boolean fits = key.length == length || key.length == length + MvccKey.TS_BYTES;
            return fits ? Optional.of(length) : Optional.empty();
        } catch (CodecException notEncoded) {
            return Optional.empty();
        }
    }

    private static void addRawKey(ObjectNode out, byte[] raw) {
        if (MetaKeys.isMetaKey(raw)) {
            MetaKeys.Parsed meta = MetaKeys.parse(raw);
            out.put("kind", "meta").put("structure", meta.kind().name().toLowerCase(Locale.ROOT));
            out.put("key", meta.keyText());
            if (!meta.field().isEmpty()) {
                out.put("field", meta.fieldText());
            }
            if (meta.kind() == MetaKeys.Kind.LIST) {
                out.put("index", meta.index());
            }
        } else if (TableKeys.isRecordKey(raw)) {
            out.put("kind", "record").put("table_id", TableKeys.tableIdOf(raw));
            addHandle(out, raw);
        } else if (TableKeys.isIndexKey(raw)) {
            IndexKey index = IndexKey.parse(raw);
            out.put("kind", "index").put("table_id", index.tableId());
            out.put("index_id", index.indexId());
            if (index.temporary()) {
                out.put("temporary", true);
            }
            out.set("values", pairs(index.datums()));
            if (index.partitionId() != null) {
                out.put("partition_id", index.partitionId());
                out.set("handle", pairs(index.handle()));
            }
        } else if (raw.length > 0 && raw[0] == 't') {
            out.put("kind", "table").put("table_id", TableKeys.tableIdOf(raw));
        } else {
            out.put("kind", "unknown");
        }
    }

    private static void addHandle(ObjectNode out, byte[] raw) {
        if (raw.length == TableKeys.PREFIX_BYTES) {
            return;
        }
        RecordKey record = RecordKey.parse(raw);
        if (record.hasIntHandle()) {
            out.put("handle", record.intHandle());
            return;
        }
        ByteReader in = new ByteReader(record.handle().unsafeBytes());
        List<Datum> datums = new ArrayList<>();
        while (in.hasRemaining() && in.peekU8() != 0) {
            datums.add(Datum.read(in));
        }
        out.set("handle", pairs(datums));
    }

    private static JsonNode datums(byte[] bytes) {
        return pairs(Datum.readAll(bytes));
    }

    private static ArrayNode pairs(List<Datum> datums) {
        ArrayNode out = NODES.arrayNode();
        datums.forEach(datum -> out.add(pair(datum)));
        return out;
    }

    private static ObjectNode pair(Datum datum) {
        ObjectNode out = object();
        return switch (datum) {
            case Datum.Null _ -> out.put("type", "null").putNull("value");
            case Datum.Bytes(Key bytes) -> addBytes(out.put("type", "bytes"), bytes.unsafeBytes());
            case Datum.Int(long value) -> out.put("type", "int").put("value", value);
            case Datum.Unsigned(long value) ->
                    out.put("type", "uint").set("value", unsigned(value));
            case Datum.Real(double value) -> out.put("type", "float").put("value", value);
            case Datum.Decimal(DecimalBinary value) ->
                    out.put("type", "decimal").put("value", value.value().toPlainString());
            case Datum.Duration(long nanos) -> out.put("type", "duration").put("value", nanos);
            case Datum.Json(Key document) ->
                    out.put("type", "json").set("value", JsonBinary.read(document.unsafeBytes()));
            case Datum.Vector(List<Float> values) -> {
                ArrayNode items = out.put("type", "vector").putArray("value");
                values.forEach(items::add);
                yield out;
            }
            case Datum.Max _ -> out.put("type", "max");
        };
    }

    private static JsonNode row(byte[] bytes, Optional<TableSchema> table) {
        ObjectNode out = object();
        if (RowV2.isV2(bytes)) {
            RowV2 row = RowV2.parse(bytes);
            out.put("version", 2).put("large", row.large());
            ObjectNode values = out.putObject("values");
            row.values().forEach((id, value) -> values.put(id.toString(), value.toString()));
            ArrayNode nulls = out.putArray("nulls");
            row.nulls().forEach(nulls::add);
            RowChecksum checksum = row.checksum();
            if (checksum != null) {
                ObjectNode shown =
                        out.putObject("checksum")
                                .put("version", checksum.version())
                                .put("crc32", checksum.unsignedCrc32());
                if (checksum.extra() != null) {
                    shown.put("extra", Integer.toUnsignedLong(checksum.extra()));
                }
            }
        } else {
            out.put("version", 1);
            ObjectNode values = out.putObject("values");
            RowV1.parse(bytes)
                    .values()
                    .forEach((id, datum) -> values.set(id.toString(), pair(datum)));
        }
        table.ifPresent(schema -> out.set("columns", columns(bytes, schema)));
        return out;
    }

    /** By name; columns that only the key has are left out. */
    private static ObjectNode columns(byte[] bytes, TableSchema table) {
        ObjectNode out = object();
        RecordKey noKey = new RecordKey(table.physicalId(), Key.EMPTY);
        for (ColumnSchema column : table.columns()) {
            boolean isHandle = table.pkIsHandle() && column.isPrimaryKey();
            boolean inKey =
                    table.commonHandleColumns().stream()
                            .anyMatch(key -> key.column().id() == column.id());
            if (isHandle || (inKey && !isStored(bytes, column.id()))) {
                continue;
            }
            try {
                Object value =
                        new PlainRowDecoder(table, List.of(column)).decode(noKey, bytes).getFirst();
                out.set(column.name(), node(value));
            } catch (SchemaMismatchException mismatch) {
                out.put(column.name(), "absent: " + mismatch.getMessage());
            } catch (CodecException malformed) {
                throw new CodecException(
                        malformed.offset(),
                        malformed.reason() + " (in the value of column " + column.name() + ")");
            }
        }
        return out;
    }

    private static boolean isStored(byte[] bytes, long columnId) {
        return RowV2.isV2(bytes)
                ? RowV2.parse(bytes).values().containsKey(columnId)
                : RowV1.parse(bytes).values().containsKey(columnId);
    }

    private static JsonNode node(@Nullable Object value) {
        return switch (value) {
            case null -> NODES.nullNode();
            case Long number -> NODES.numberNode(number);
            case BigInteger number -> NODES.numberNode(number);
            case Float number -> NODES.numberNode(number);
            case Double number -> NODES.numberNode(number);
            case BigDecimal number -> NODES.textNode(number.toPlainString());
            case Key bytes -> NODES.textNode(bytes.toString());
            default -> NODES.textNode(value.toString());
        };
    }

    private static JsonNode write(WriteRecord record) {
        WriteRecord.Details details = record.details();
        ObjectNode out = object().put("type", String.valueOf(record.type()));
        putTs(out, "start_ts", record.startTs());
        if (details.shortValue() != null) {
            out.put("short_value", details.shortValue().toString());
        }
        if (details.overlappedRollback()) {
            out.put("overlapped_rollback", true);
        }
        if (details.gcFence() != null) {
            out.set("gc_fence", unsigned(details.gcFence()));
        }
        putLastChange(out, details.lastChange());
        putUnlessZero(out, "txn_source", details.txnSource());
        return out;
    }

    private static JsonNode lock(LockRecord record) {
        return switch (record) {
            case LockRecord.Single single -> single(single);
            case LockRecord.Shared(Integer flags, List<LockRecord.Single> locks) -> {
                ObjectNode out = object().put("type", "H");
                if (flags != null) {
                    out.put("flags", flags);
                }
                ArrayNode items = out.putArray("locks");
                locks.forEach(lock -> items.add(single(lock)));
                yield out;
            }
        };
    }

    private static ObjectNode single(LockRecord.Single lock) {
        ObjectNode out = object().put("type", String.valueOf(lock.kind().type()));
        out.put("primary", lock.primary().toString());
        putTs(out, "start_ts", lock.startTs());
        out.set("ttl", unsigned(lock.ttlMillis()));
        if (lock.shortValue() != null) {
            out.put("short_value", lock.shortValue().toString());
        }
        putUnlessZero(out, "for_update_ts", lock.forUpdateTs());
        putUnlessZero(out, "txn_size", lock.txnSize());
        putUnlessZero(out, "min_commit_ts", lock.minCommitTs());
        List<Key> secondaries = lock.secondaries();
        if (secondaries != null) {
            ArrayNode keys = out.putArray("async_secondaries");
            secondaries.forEach(key -> keys.add(key.toString()));
        }
        if (!lock.rollbackTs().isEmpty()) {
            ArrayNode timestamps = out.putArray("rollback_ts");
            lock.rollbackTs().forEach(ts -> timestamps.add(unsigned(ts)));
        }
        putLastChange(out, lock.lastChange());
        putUnlessZero(out, "txn_source", lock.txnSource());
        if (lock.lockedWithConflict()) {
            out.put("locked_with_conflict", true);
        }
        putUnlessZero(out, "generation", lock.generation());
        return out;
    }

    private static JsonNode json(byte[] bytes) {
        JsonNode value = JsonBinary.read(bytes);
        ObjectNode out = object().put("type", JsonBinary.typeName(bytes));
        out.put("text", JsonText.of(value)).set("value", value);
        return out;
    }

    private static JsonNode decimal(byte[] bytes) {
        ByteReader in = new ByteReader(bytes);
        DecimalBinary decimal = DecimalBinary.read(in);
        in.expectEnd();
        return object().put("precision", decimal.precision())
                .put("scale", decimal.scale())
                .put("value", decimal.value().toPlainString());
    }

    /** Eight bytes are a big-endian packed time; fewer are a row value, little-endian. */
    private static JsonNode time(byte[] bytes) {
        if (bytes.length != 1 && bytes.length != 2 && bytes.length != 4 && bytes.length != 8) {
            throw new CodecException(0, "packed time of " + bytes.length + " bytes");
        }
        long bigEndian = new BigInteger(1, bytes).longValue();
        long littleEndian = bytes.length == 8 ? Long.reverseBytes(bigEndian) : 0;
        // A year beyond 9999 is nobody's: the bytes then are a row value's.
        boolean isRowValue =
                bytes.length == 8 && !isPossible(bigEndian) && isPossible(littleEndian);
        long packed = isRowValue ? littleEndian : bigEndian;
        PackedTime time = PackedTime.of(packed);
        ObjectNode out = object();
        out.set("packed", unsigned(packed));
        return out.put("value", time.text(6)).put("zero", packed == 0);
    }

    private static boolean isPossible(long packed) {
        PackedTime time = PackedTime.of(packed);
        return packed >= 0
                && time.year() <= 9999
                && time.hour() < 24
                && time.minute() < 60
                && time.second() < 60
                && time.micros() < 1_000_000;
    }

    private static ObjectNode object() {
        return NODES.objectNode();
    }

    private static JsonNode unsigned(long bits) {
        return NODES.numberNode(new BigInteger(Long.toUnsignedString(bits)));
    }

    private static void putTs(ObjectNode out, String field, long ts) {
        out.set(field, unsigned(ts));
    }

    private static void putUnlessZero(ObjectNode out, String field, long value) {
        if (value != 0) {
            out.set(field, unsigned(value));
        }
    }

    private static void putLastChange(ObjectNode out, @Nullable LastChange change) {
        if (change != null) {
            out.putArray("last_change").add(unsigned(change.ts())).add(unsigned(change.versions()));
        }
    }

    private static ObjectNode addBytes(ObjectNode out, byte[] bytes) {
        String text = new String(bytes, UTF_8);
        out.put("value", HexFormat.of().formatHex(bytes));
        boolean printable =
                Arrays.equals(text.getBytes(UTF_8), bytes)
                        && text.chars().noneMatch(Character::isISOControl);
        return printable ? out.put("text", text) : out;
    }
}
