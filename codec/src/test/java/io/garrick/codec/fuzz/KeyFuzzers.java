package io.garrick.codec.fuzz;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.index.IndexKey;
import io.garrick.codec.index.IndexValue;
import io.garrick.codec.key.KeyspaceKey;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MetaKeys;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import java.util.List;

/** Readers of keys and of the numbers and strings they are made of. */
final class KeyFuzzers {
    private KeyFuzzers() {}

    static List<Fuzzer> all() {
        return List.of(
                new Fuzzer("record_key", KeyFuzzers::recordKey),
                new Fuzzer("meta_key", KeyFuzzers::metaKey),
                new Fuzzer("keyspace_key", KeyFuzzers::keyspaceKey),
                new Fuzzer("mvcc_key", KeyFuzzers::mvccKey),
                new Fuzzer("index_key", KeyFuzzers::indexKey),
                new Fuzzer("index_value", KeyFuzzers::indexValue),
                new Fuzzer("memcomparable", KeyFuzzers::memcomparable),
                new Fuzzer("numbers", KeyFuzzers::numbers));
    }

    private static void recordKey(byte[] input) {
        RecordKey key = RecordKey.parse(input);
        Fuzzer.same(Key.of(input), key.toKey(), "record key");
        if (key.hasIntHandle()) {
            Fuzzer.same(
                    key,
                    RecordKey.parse(TableKeys.recordKey(key.tableId(), key.intHandle())),
                    "handle");
        }
    }

    private static void metaKey(byte[] input) {
        MetaKeys.Parsed key = MetaKeys.parse(input);
        key.keyText();
        key.fieldText();
    }

    private static void keyspaceKey(byte[] input) {
        Fuzzer.same(Key.of(input), KeyspaceKey.parse(input).toKey(), "keyspace key");
    }

    private static void mvccKey(byte[] input) {
        MvccKey key = MvccKey.split(input);
        Fuzzer.same(Key.of(input), MvccKey.append(key.encodedKey(), key.ts()), "mvcc key");
        Memcomparable.decode(key.encodedKey());
    }

    private static void indexKey(byte[] input) {
        IndexKey.parse(input);
    }

    private static void indexValue(byte[] input) {
        IndexValue.isUntouched(input);
        IndexValue.parse(input);
    }

    private static void memcomparable(byte[] input) {
        Fuzzer.same(
                Key.of(input),
                Key.wrap(Memcomparable.decode(Memcomparable.encode(input))),
                "bytes");
        Fuzzer.same(
                Key.of(input),
                Key.wrap(Memcomparable.decodeDescending(Memcomparable.encodeDescending(input))),
                "descending bytes");
        byte[] raw = Memcomparable.decode(input);
        Fuzzer.same(Key.of(input), Key.wrap(Memcomparable.encode(raw)), "encoding");
    }

    private static void numbers(byte[] input) {
        ByteReader in = new ByteReader(input);
        while (in.hasRemaining()) {
            switch (in.u8() % 4) {
                case 0 -> {
                    long value = in.uvarint();
                    byte[] bytes = new ByteWriter().uvarint(value).toBytes();
                    Fuzzer.same(value, new ByteReader(bytes).uvarint(), "uvarint");
                }
                case 1 -> {
                    long value = in.varint();
                    byte[] bytes = new ByteWriter().varint(value).toBytes();
                    Fuzzer.same(value, new ByteReader(bytes).varint(), "varint");
                }
                case 2 -> in.compactBytes();
                default -> in.longBe();
            }
        }
    }
}
