package io.garrick.codec.row;

import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;
import io.garrick.codec.value.Datum;
import io.garrick.codec.value.Datums;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A row value of format v1: pairs of column id and datum, in the order they were written (TiDB,
 * pkg/tablecodec).
 */
public record RowV1(Map<Long, Datum> values) {
    public RowV1 {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** No bytes, or a single NULL flag, are a row without stored columns. */
    public static RowV1 parse(byte[] row) {
        Map<Long, Datum> values = new LinkedHashMap<>();
        if (row.length == 1 && row[0] == Datums.NIL) {
            return new RowV1(values);
        }
        ByteReader in = new ByteReader(row);
        while (in.hasRemaining()) {
            int at = in.position();
            long id = Datums.readInt(in);
            if (values.put(id, Datum.read(in)) != null) {
                throw new CodecException(at, "column " + id + " twice");
            }
        }
        return new RowV1(values);
    }

    public byte[] encode() {
        ByteWriter out = new ByteWriter();
        values.forEach((id, datum) -> {
            out.u8(Datums.VARINT).varint(id);
            datum.writeValue(out);
        });
        return values.isEmpty() ? new byte[] {Datums.NIL} : out.toBytes();
    }
}
