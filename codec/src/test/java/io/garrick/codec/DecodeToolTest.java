package io.garrick.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MetaKeys;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.key.TableKeys;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class DecodeToolTest {
    @Test
    void aKeyIsRecognisedInEveryForm() {
        byte[] raw = TableKeys.recordKey(77, 5).unsafeBytes();
        byte[] encoded = Memcomparable.encode(raw);
        byte[] versioned = MvccKey.append(encoded, 400);
        String facts = "\"kind\":\"record\",\"table_id\":77,\"handle\":5}";
        assertThat(decode("key", raw)).contains("\"form\":\"raw\"").endsWith(facts);
        assertThat(decode("key", encoded)).contains("\"form\":\"encoded\"").endsWith(facts);
        assertThat(decode("key", versioned)).contains("\"ts\":400").endsWith(facts);
        assertThat(decode("key", MetaKeys.table(2, 45).unsafeBytes()))
                .contains("\"key\":\"DB:2\",\"field\":\"Table:45\"");
    }

    @Test
    void aRowIsShownByColumnNameWithItsTable() {
        String table =
                """
                {"id":9,"name":{"O":"t","L":"t"},"state":5,"cols":[
                {"id":1,"name":{"O":"name","L":"name"},"state":5,
                 "type":{"Tp":15,"Flag":0,"Flen":9,"Charset":"utf8mb4","Collate":"utf8mb4_bin"}}]}
                """;
        assertThat(DecodeTool.decode("row", "80000100000001010031", Optional.of(table)))
                .contains("\"columns\":{\"name\":\"1\"}");
        assertThat(DecodeTool.decode("row", "80000100000001010031", Optional.empty()))
                .contains("\"values\":{\"1\":\"31\"}");
    }

    @Test
    void recordsAndValuesAreShown() {
        assertThat(DecodeTool.decode("write", "5007", Optional.empty()))
                .isEqualTo("{\"type\":\"P\",\"start_ts\":7}");
        assertThat(DecodeTool.decode("lock", "5004706b010a", Optional.empty()))
                .contains("\"primary\":\"706b\"", "\"ttl\":10");
        assertThat(DecodeTool.decode("datum", "0802", Optional.empty()))
                .isEqualTo("[{\"type\":\"int\",\"value\":1}]");
        assertThat(DecodeTool.decode("json", "0401", Optional.empty())).contains("true");
        assertThat(DecodeTool.decode("decimal", "040275c8", Optional.empty())).contains("-10.55");
        assertThat(DecodeTool.decode("time", "199b820000000000", Optional.empty()))
                .contains("2017-01-01 00:00:00.000000");
        assertThat(DecodeTool.decode("time", "0000000000829b19", Optional.empty()))
                .contains("2017-01-01 00:00:00.000000");
    }

    @Test
    void wrongBytesSayWhere() {
        assertThatThrownBy(() -> DecodeTool.decode("write", "58", Optional.empty()))
                .isInstanceOf(CodecException.class)
                .hasMessageContaining("offset");
        assertThatThrownBy(() -> DecodeTool.decode("no", "58", Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatIsCutShortOrNotHexadecimalSaysSo() {
        assertThatThrownBy(() -> DecodeTool.decode("key", "7480000000", Optional.empty()))
                .isInstanceOf(CodecException.class)
                .hasMessageContaining("offset 5");
        assertThatThrownBy(() -> DecodeTool.decode("nothing", "00", Optional.empty()))
                .hasMessage(
                        "unknown kind 'nothing', not one of"
                                + " key, datum, row, write, lock, json, decimal, time");
        assertThatThrownBy(() -> DecodeTool.decode("key", "74x0", Optional.empty()))
                .hasMessage("not hexadecimal: 'x' at character 2");
        assertThatThrownBy(() -> DecodeTool.decode("key", "748", Optional.empty()))
                .hasMessage("half a byte: 3 hexadecimal digits");
        assertThatThrownBy(() -> DecodeTool.decode("row", "00", Optional.of("{")))
                .hasMessageStartingWith("table: malformed bytes at offset");
    }

    private static String decode(String kind, byte[] bytes) {
        return DecodeTool.decode(kind, HexFormat.of().formatHex(bytes), Optional.empty());
    }
}
