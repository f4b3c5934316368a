package io.garrick.codec.vectors;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.CodecException;
import io.garrick.codec.index.IndexKey;
import io.garrick.codec.index.IndexValue;
import io.garrick.codec.key.KeyspaceKey;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MetaKeys;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.value.Datum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Record, index, meta and keyspace keys, and index values. */
final class KeyOps {
    /** Ops whose vectors name only some of the facts that a key tells. */
    static final Set<String> PARTIAL =
            Set.of(
                    "tikv_key",
                    "tikv_key_ts",
                    "tikv_key_decode",
                    "record_key_empty_handle",
                    "temp_index_key",
                    "index_value_old",
                    "index_value_v0",
                    "index_value_v1",
                    "index_key",
                    "keyspace_key",
                    "meta_hash_data",
                    "meta_keyspace");

    private KeyOps() {}

    static void addTo(Map<String, Op> ops) {
        ops.put("record_key_int", KeyOps::recordKeyInt);
        ops.put("record_key_common", KeyOps::recordKeyCommon);
        ops.put("record_key_empty_handle", KeyOps::recordKeyEmptyHandle);
        ops.put("table_prefix", vector -> tablePrefix(vector.bytes()).toString());
        ops.put("table_prefix_invalid", NumberOps.invalid(vector -> tablePrefix(vector.bytes())));
        ops.put("index_prefix", KeyOps::indexPrefix);
        ops.put("index_key", KeyOps::indexKey);
        ops.put("index_key_global_v1", KeyOps::globalIndexKey);
        ops.put("temp_index_key", KeyOps::temporaryIndexKey);
        ops.put("keyspace_key", KeyOps::keyspaceKey);
        ops.put("keyspace_split", KeyOps::keyspaceSplit);
        ops.put("keyspace_invalid", NumberOps.invalid(vector -> KeyspaceKey.parse(vector.bytes())));
        ops.put("append_ts", KeyOps::appendTs);
        ops.put("tikv_key", KeyOps::tikvKey);
        ops.put("tikv_key_ts", KeyOps::tikvKey);
        ops.put("tikv_key_decode", KeyOps::tikvKey);
        ops.put("index_value_old", KeyOps::indexValue);
        ops.put("index_value_v0", KeyOps::indexValue);
        ops.put("index_value_v1", KeyOps::indexValue);
        ops.put(
                "index_value_untouched",
                vector -> Boolean.toString(IndexValue.isUntouched(vector.bytes())));
        ops.put("meta_string", vector -> Spelling.print(meta(vector.bytes())));
        ops.put("meta_hash_data", vector -> Spelling.print(meta(vector.bytes())));
        ops.put("meta_hash_prefix", vector -> Spelling.print(meta(vector.bytes())));
        ops.put("meta_list_meta", vector -> Spelling.print(meta(vector.bytes())));
        ops.put("meta_list_data", vector -> Spelling.print(meta(vector.bytes())));
        ops.put("meta_keyspace", KeyOps::metaKeyspace);
    }

    private static String recordKeyInt(Vector vector) {
        RecordKey key = RecordKey.parse(vector.bytes());
        Op.sameBytes(
                vector.bytes(), TableKeys.recordKey(key.tableId(), key.intHandle()).unsafeBytes());
        return Spelling.print(
                Spelling.object().put("table_id", key.tableId()).put("handle", key.intHandle()));
    }

    private static String recordKeyCommon(Vector vector) {
        RecordKey key = RecordKey.parse(vector.bytes());
        ByteReader in = new ByteReader(key.handle().unsafeBytes());
        ArrayNode datums = Spelling.object().putArray("datums");
        while (in.hasRemaining() && in.peekU8() != 0) {
            Datum datum = Datum.read(in);
            datums.add(vector.expected() == null ? ValueOps.textPair(datum) : ValueOps.pair(datum));
        }
        ObjectNode out = Spelling.object().put("table_id", key.tableId());
        out.set("datums", datums);
        return Spelling.print(out.put("padded", in.hasRemaining()));
    }

    private static String recordKeyEmptyHandle(Vector vector) {
        ObjectNode out = decodeTikvKey(vector.bytes());
        boolean valid;
        try {
            RecordKey.parse(HexFormat.of().parseHex(out.path("raw").asText()));
            valid = true;
        } catch (CodecException refused) {
            valid = false;
        }
        return Spelling.print(out.put("valid", valid));
    }

    private static Key tablePrefix(byte[] rawKey) {
        return TableKeys.tablePrefix(TableKeys.tableIdOf(rawKey));
    }

    private static String indexPrefix(Vector vector) {
        long tableId = TableKeys.tableIdOf(vector.bytes());
        long indexId = TableKeys.indexIdOf(vector.bytes());
        Op.sameBytes(vector.bytes(), TableKeys.indexPrefix(tableId, indexId).unsafeBytes());
        return Spelling.print(Spelling.object().put("table_id", tableId).put("index_id", indexId));
    }

    private static String indexKey(Vector vector) {
        IndexKey key = IndexKey.parse(vector.bytes());
        boolean suffix = vector.inputs().has("handle_suffix");
        List<Datum> values = new ArrayList<>(key.datums());
        ObjectNode out =
                Spelling.object().put("table_id", key.tableId()).put("index_id", key.indexId());
        ArrayNode last = null;
        if (suffix && !values.isEmpty()) {
            last = ValueOps.pair(values.removeLast());
        }
        out.set("values", Spelling.parse(ValueOps.pairs(bare(vector), values)));
        if (last != null) {
            out.set("handle_suffix", last);
        }
        return Spelling.print(out);
    }

    private static String globalIndexKey(Vector vector) {
        IndexKey key = IndexKey.parse(vector.bytes());
        ObjectNode out =
                Spelling.object().put("table_id", key.tableId()).put("index_id", key.indexId());
        out.set("values", Spelling.parse(ValueOps.pairs(bare(vector), key.datums())));
        if (key.partitionId() != null) {
            out.put("partition_id", key.partitionId());
        }
        if (key.handle().size() == 1 && key.handle().getFirst() instanceof Datum.Int(long handle)) {
            out.put("handle", handle);
        } else if (!key.handle().isEmpty()) {
            out.set("handle", Spelling.parse(ValueOps.pairs(bare(vector), key.handle())));
        }
        return Spelling.print(out);
    }

    private static String temporaryIndexKey(Vector vector) {
        IndexKey key = IndexKey.parse(vector.bytes());
        ObjectNode out =
                Spelling.object()
                        .put("table_id", key.tableId())
                        .put("index_id", key.indexId())
                        .put("temp_index_id", TableKeys.indexIdOf(vector.bytes()))
                        .put("is_temp", key.temporary());
        out.set("values", Spelling.parse(ValueOps.pairs(bare(vector), key.datums())));
        return Spelling.print(out);
    }

    /** The same vector, expecting something, but nothing of use. */
    private static Vector bare(Vector vector) {
        return new Vector(
                vector.id(),
                vector.op(),
                vector.hex(),
                vector.expected() == null ? null : "",
                "",
                vector.note());
    }

    private static String keyspaceKey(Vector vector) {
        KeyspaceKey key = KeyspaceKey.parse(vector.bytes());
        Op.sameBytes(vector.bytes(), key.toKey().unsafeBytes());
        byte[] rawKey = key.userKey().unsafeBytes();
        ObjectNode out =
                Spelling.object()
                        .put("mode", key.mode() == KeyspaceKey.Mode.TXN ? "txn" : "raw")
                        .put("keyspace_id", key.keyspaceId());
        if (TableKeys.isTableKey(rawKey)) {
            out.put("table_id", TableKeys.tableIdOf(rawKey));
        }
        return Spelling.print(out);
    }

    private static String keyspaceSplit(Vector vector) {
        KeyspaceKey key = KeyspaceKey.parse(vector.bytes());
        return Spelling.print(
                Spelling.object()
                        .put("keyspace_id", key.keyspaceId())
                        .put("user_key", key.userKey().toString()));
    }

    private static String appendTs(Vector vector) {
        MvccKey key = MvccKey.split(vector.bytes());
        Op.sameBytes(vector.bytes(), MvccKey.append(key.encodedKey().unsafeBytes(), key.ts()));
        ObjectNode out = Spelling.object().put("encoded_key", key.encodedKey().toString());
        out.set("ts", Spelling.unsigned(key.ts()));
        return Spelling.print(out);
    }

    private static String tikvKey(Vector vector) {
        return Spelling.print(decodeTikvKey(vector.bytes()));
    }

    private static ObjectNode decodeTikvKey(byte[] key) {
        int length = Memcomparable.encodedLengthAt(key, 0, key.length);
        byte[] raw = Memcomparable.decode(Arrays.copyOf(key, length));
        ObjectNode out = Spelling.object().put("raw", HexFormat.of().formatHex(raw));
        if (key.length > length) {
            MvccKey versioned = MvccKey.split(key);
            if (versioned.encodedKey().length() != length) {
                throw new CodecException(length, "not a ts behind the key");
            }
            out.set("ts", Spelling.unsigned(versioned.ts()));
            Op.sameBytes(key, MvccKey.append(Memcomparable.encode(raw), versioned.ts()));
        }
        if (MetaKeys.isMetaKey(raw)) {
            out.setAll(meta(raw));
        } else if (TableKeys.isTableKey(raw)) {
            out.put("table_id", TableKeys.tableIdOf(raw));
            if (TableKeys.isRecordKey(raw)) {
                addHandle(out, raw);
            }
        }
        return out;
    }

    private static void addHandle(ObjectNode out, byte[] raw) {
        int handleBytes = raw.length - TableKeys.PREFIX_BYTES;
        if (handleBytes == Long.BYTES) {
            out.put("handle", RecordKey.parse(raw).intHandle());
            return;
        }
        ArrayNode datums = out.putArray("handle_datums");
        int at = TableKeys.PREFIX_BYTES;
        while (at < raw.length) {
            ByteReader in = new ByteReader(raw, at, raw.length);
            try {
                datums.add(ValueOps.textPair(Datum.read(in)).get(1));
            } catch (CodecException cutShort) {
                break;
            }
            at = in.position();
        }
        out.put("trailing", HexFormat.of().formatHex(raw, at, raw.length));
    }

    private static String indexValue(Vector vector) {
        IndexValue value = IndexValue.parse(vector.bytes());
        ObjectNode out = Spelling.object();
        if (value.form() == IndexValue.Form.OLD) {
            out.put("unique", value.intHandle() != null);
        } else {
            out.put("tail_len", value.tailLength());
        }
        if (value.form() == IndexValue.Form.V1) {
            out.put("version", 1);
        }
        if (value.intHandle() != null) {
            out.put("handle", value.intHandle());
        }
        if (value.commonHandle() != null) {
            out.put("common_handle", value.commonHandle().toString());
        }
        if (value.partitionId() != null) {
            out.put("partition_id", value.partitionId());
        }
        if (value.restored() != null) {
            ObjectNode restored = out.putObject("restored");
            value.restored()
                    .values()
                    .forEach((id, bytes) -> restored.put(id.toString(), bytes.toString()));
        }
        return Spelling.print(out);
    }

    private static ObjectNode meta(byte[] rawKey) {
        MetaKeys.Parsed parsed = MetaKeys.parse(rawKey);
        ObjectNode out = Spelling.object().put("key", parsed.keyText());
        if (parsed.kind() == MetaKeys.Kind.HASH && !parsed.field().isEmpty()) {
            Op.sameBytes(
                    rawKey,
                    MetaKeys.hashField(parsed.keyText(), parsed.field().unsafeBytes())
                            .unsafeBytes());
            byte[] field = parsed.field().unsafeBytes();
            boolean text = true;
            for (byte b : field) {
                text &= b >= ' ' && b < 0x7f;
            }
            if (text) {
                out.put("field", parsed.fieldText());
            }
            if (!text) {
                out.put("field_hex", parsed.field().toString());
            }
        } else if (parsed.kind() == MetaKeys.Kind.LIST) {
            out.put("index", parsed.index());
            Op.sameBytes(rawKey, MetaKeys.listItem(parsed.keyText(), parsed.index()).unsafeBytes());
        }
        return out;
    }

    private static String metaKeyspace(Vector vector) {
        KeyspaceKey key = KeyspaceKey.parse(vector.bytes());
        ObjectNode out = Spelling.object().put("keyspace_id", key.keyspaceId());
        out.setAll(meta(key.userKey().unsafeBytes()));
        return Spelling.print(out);
    }
}
