package io.garrick.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Private keys in the three forms that openssl has written over the years. */
final class PemFilesTest {
    @TempDir Path directory;

    private Path pem(String kind, byte[] bytes) throws IOException {
        return Files.writeString(
                directory.resolve("it.key"),
                "some text before\n-----BEGIN "
                        + kind
                        + "-----\n"
                        + Base64.getMimeEncoder().encodeToString(bytes)
                        + "\n-----END "
                        + kind
                        + "-----\n");
    }

    private static PrivateKey generate(String algorithm, int bits) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(bits);
        return generator.generateKeyPair().getPrivate();
    }

    @Test
    void pkcs8IsReadAsItIs() throws Exception {
        for (PrivateKey key : new PrivateKey[] {generate("RSA", 2048), generate("EC", 256)}) {
            assertThat(PemFiles.key(pem("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
        }
    }

    @Test
    void anRsaKeyOfItsOwnKindIsWrapped() throws Exception {
        PrivateKey key = generate("RSA", 2048);
        // PKCS#8 of a 2048 bit key is 26 bytes of wrapping around PKCS#1.
        byte[] inner = Arrays.copyOfRange(key.getEncoded(), 26, key.getEncoded().length);
        assertThat(PemFiles.key(pem("RSA PRIVATE KEY", inner))).isEqualTo(key);
    }

    @Test
    void anEllipticKeyOfItsOwnKindIsWrappedWithItsCurve() throws Exception {
        ECPrivateKey key = (ECPrivateKey) generate("EC", 256);
        byte[] secret = new byte[32];
        byte[] number = key.getS().toByteArray();
        int sign = number.length > 32 ? 1 : 0;
        System.arraycopy(number, sign, secret, 32 - (number.length - sign), number.length - sign);
        // SEC 1: version 1, the number, and [0] the name of the curve, prime256v1.
        byte[] sec1 =
                HexFormat.of()
                        .parseHex(
                                "3031020101"
                                        + "0420"
                                        + HexFormat.of().formatHex(secret)
                                        + "a00a06082a8648ce3d030107");
        ECPrivateKey read = (ECPrivateKey) PemFiles.key(pem("EC PRIVATE KEY", sec1));
        assertThat(read.getS()).isEqualTo(key.getS());
        assertThat(read.getParams().getOrder()).isEqualTo(key.getParams().getOrder());
        assertThat(read.getS()).isGreaterThan(BigInteger.ZERO);
    }

    @Test
    void whatIsNotAKeyIsNamed() throws Exception {
        assertThatThrownBy(() -> PemFiles.key(pem("CERTIFICATE", new byte[] {1})))
                .hasMessageContaining("no private key");
        assertThatThrownBy(() -> PemFiles.key(pem("ENCRYPTED PRIVATE KEY", new byte[] {1})))
                .hasMessageContaining("encrypted keys");
        assertThatThrownBy(() -> PemFiles.key(pem("EC PRIVATE KEY", new byte[] {0x30, 0x50, 2})))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> PemFiles.key(pem("PRIVATE KEY", new byte[] {1, 2, 3})))
                .hasMessageContaining("no usable private key");
    }
}
