package io.garrick.learner;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.util.Map;

/** Bytes as a TiKV leader writes them. */
final class SnapshotFixtures {
    private SnapshotFixtures() {}

    static byte[] dataKey(ByteString key) {
        return ByteString.copyFromUtf8("z").concat(key).toByteArray();
    }

    static byte[] plainFile(Map<ByteString, ByteString> pairs) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        pairs.forEach((key, value) -> {
            compact(out, dataKey(key));
            compact(out, value.toByteArray());
        });
        compact(out, new byte[0]);
        return out.toByteArray();
    }

    private static void compact(ByteArrayOutputStream out, byte[] bytes) {
        int zigzag = bytes.length << 1;
        while (zigzag >= 0x80) {
            out.write(zigzag | 0x80);
            zigzag >>>= 7;
        }
        out.write(zigzag);
        out.writeBytes(bytes);
    }
}
