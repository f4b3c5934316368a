package io.garrick.codec.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.collation.Collation;
import io.garrick.codec.value.Datum;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.codec.value.Durations;
import io.garrick.codec.value.JsonBinary;
import io.garrick.codec.value.JsonText;
import io.garrick.codec.value.PackedTime;
import io.garrick.codec.value.VectorFloat32;
import java.util.Arrays;
import java.util.List;

/** Readers of single values. */
final class ValueFuzzers {
    private static final List<String> COLLATIONS =
            List.of(
                    "binary",
                    "utf8mb4_bin",
                    "utf8mb4_general_ci",
                    "utf8mb4_unicode_ci",
                    "utf8mb4_0900_ai_ci",
                    "utf8mb4_0900_bin",
                    "latin1_bin",
                    "ascii_bin",
                    "gbk_bin",
                    "gbk_chinese_ci",
                    "gb18030_bin",
                    "gb18030_chinese_ci");

    private ValueFuzzers() {}

    static List<Fuzzer> all() {
        return List.of(
                new Fuzzer("datums", ValueFuzzers::datums),
                new Fuzzer("decimal", ValueFuzzers::decimal),
                new Fuzzer("time", ValueFuzzers::time),
                new Fuzzer("json", ValueFuzzers::json),
                new Fuzzer("vector", ValueFuzzers::vector),
                new Fuzzer("collation", ValueFuzzers::collation));
    }

    private static void datums(byte[] input) {
        List<Datum> datums = Datum.readAll(input);
        if (datums.stream().anyMatch(ValueFuzzers::hasNoForm)) {
            return; // SQL has no NaN and TiDB's writer no sign of zero; TiKV's has both.
        }
        ByteWriter keys = new ByteWriter();
        ByteWriter values = new ByteWriter();
        for (Datum datum : datums) {
            datum.writeKey(keys);
            datum.writeValue(values);
        }
        Fuzzer.same(datums.toString(), Datum.readAll(values.toBytes()).toString(), "value datums");
        Fuzzer.same(datums.toString(), Datum.readAll(keys.toBytes()).toString(), "key datums");
    }

    private static boolean hasNoForm(Datum datum) {
        return datum instanceof Datum.Real(double value)
                && (Double.isNaN(value) || (value == 0 && 1 / value < 0));
    }

    private static void decimal(byte[] input) {
        ByteReader in = new ByteReader(input);
        DecimalBinary decimal = DecimalBinary.read(in);
        byte[] written =
                DecimalBinary.encode(decimal.value(), decimal.precision(), decimal.scale());
        Fuzzer.same(decimal, DecimalBinary.read(new ByteReader(written)), "decimal");
        DecimalBinary plain =
                DecimalBinary.read(new ByteReader(DecimalBinary.encode(decimal.value())));
        Fuzzer.same(decimal.value(), plain.value(), "decimal of its own digits");
    }

    private static void time(byte[] input) {
        long bits = new ByteReader(input).longBe();
        PackedTime time = PackedTime.of(bits);
        time.text(6);
        time.dateText();
        Fuzzer.same(time, PackedTime.of(time.packed()), "packed time");
        PackedTime.ofCoreTime(bits).text(6);
        for (int fsp = 0; fsp <= 6; fsp++) {
            Durations.text(bits, fsp);
        }
        Fuzzer.same(bits, Durations.parse(Durations.text(bits, 9)), "duration");
    }

    private static void json(byte[] input) {
        JsonBinary.typeName(input);
        JsonNode node = JsonBinary.read(input);
        String text = JsonText.of(node);
        if (text.contains("\\ufffd")) {
            return; // Bytes that are no UTF-8 are shown as such, and lost.
        }
        Fuzzer.same(node, JsonBinary.read(JsonBinary.encode(node)), "JSON");
    }

    private static void vector(byte[] input) {
        ByteReader in = new ByteReader(input);
        float[] values = VectorFloat32.read(in);
        byte[] written = VectorFloat32.encode(values);
        Fuzzer.same(
                Key.wrap(written),
                Key.wrap(VectorFloat32.encode(VectorFloat32.read(new ByteReader(written)))),
                "vector");
    }

    /** The first bytes choose a collation and where to split the rest into two strings. */
    private static void collation(byte[] input) {
        Choices choices = new Choices(input);
        String name = COLLATIONS.get(choices.nextInt(COLLATIONS.size()));
        int at = choices.nextInt(32);
        byte[] rest = choices.rest();
        byte[] left = Arrays.copyOf(rest, Math.min(at, rest.length));
        byte[] right = Arrays.copyOfRange(rest, left.length, rest.length);
        Collation collation = Collation.of(name);
        int order = collation.compare(left, right);
        Fuzzer.same(-order, collation.compare(right, left), "order of " + name);
        Fuzzer.same(0, collation.compare(left, left), "equality of " + name);
        boolean isText =
                Arrays.equals(new String(rest, UTF_8).getBytes(UTF_8), rest)
                        && Arrays.equals(new String(left, UTF_8).getBytes(UTF_8), left);
        int ofKeys = Arrays.compareUnsigned(collation.sortKey(left), collation.sortKey(right));
        if (isText) {
            Fuzzer.same(Integer.signum(ofKeys), order, "sort keys of " + name);
        }
    }
}
