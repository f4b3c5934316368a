package io.garrick.kv;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Certificates and keys as openssl and TiUP write them. The JDK reads keys in PKCS#8 only, so the
 * older forms (PKCS#1 for RSA, RFC 8017; SEC 1 for elliptic curves, RFC 5915) are wrapped.
 */
final class PemFiles {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;
    private static final int PARAMETERS = 0xa0;
    private static final byte[] VERSION_0 = {2, 1, 0};
    // rsaEncryption with NULL parameters; id-ecPublicKey.
    private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");
    private static final byte[] EC_OID = HexFormat.of().parseHex("06072a8648ce3d0201");

    private PemFiles() {}

    private static final class Block {
        final String kind;
        final byte[] bytes;

        Block(String kind, byte[] bytes) {
            this.kind = kind;
            this.bytes = bytes;
        }
    }

    private static List<Block> blocks(Path file) throws IOException {
        List<Block> blocks = new ArrayList<>();
        Matcher block = BLOCK.matcher(Files.readString(file));
        while (block.find()) {
            try {
                blocks.add(
                        new Block(block.group(1), Base64.getMimeDecoder().decode(block.group(2))));
            } catch (IllegalArgumentException e) {
                throw new IOException(file + ": not base64", e);
            }
        }
        return blocks;
    }

    /** At least one, in the order of the file. */
    static List<X509Certificate> certificates(Path file) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Block block : blocks(file)) {
                if (block.kind.equals("CERTIFICATE")) {
                    certificates.add(
                            (X509Certificate)
                                    factory.generateCertificate(
                                            new ByteArrayInputStream(block.bytes)));
                }
            }
        } catch (CertificateException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
        if (certificates.isEmpty()) {
            throw new IOException(file + ": no certificate in it");
        }
        return certificates;
    }

    static PrivateKey key(Path file) throws IOException {
        for (Block block : blocks(file)) {
            switch (block.kind) {
                case "PRIVATE KEY" -> {
                    return pkcs8(file, block.bytes);
                }
                case "RSA PRIVATE KEY" -> {
                    return pkcs8(file, tlv(SEQUENCE, VERSION_0, RSA, tlv(OCTETS, block.bytes)));
                }
                case "EC PRIVATE KEY" -> {
                    byte[] algorithm = tlv(SEQUENCE, EC_OID, curve(file, block.bytes));
                    return pkcs8(
                            file, tlv(SEQUENCE, VERSION_0, algorithm, tlv(OCTETS, block.bytes)));
                }
                case "ENCRYPTED PRIVATE KEY" ->
                        throw new IOException(file + ": encrypted keys are not supported");
                default -> {
                    // EC PARAMETERS, or a certificate in the same file.
                }
            }
        }
        throw new IOException(file + ": no private key in it");
    }

    private static PrivateKey pkcs8(Path file, byte[] bytes) throws IOException {
        List<String> problems = new ArrayList<>();
        for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm)
                        .generatePrivate(new PKCS8EncodedKeySpec(bytes));
            } catch (GeneralSecurityException e) {
                problems.add(algorithm + ": " + e.getMessage());
            }
        }
        throw new IOException(file + ": no usable private key: " + problems);
    }

    /** The curve that a SEC 1 key names: the content of its element [0]. */
    private static byte[] curve(Path file, byte[] key) throws IOException {
        try {
            int at = contentStart(key, 0);
            while (at < key.length) {
                int start = contentStart(key, at);
                int end = start + contentLength(key, at);
                if ((key[at] & 0xff) == PARAMETERS) {
                    return Arrays.copyOfRange(key, start, end);
                }
                at = end;
            }
        } catch (ArrayIndexOutOfBoundsException e) {
            throw new IOException(file + ": a truncated key", e);
        }
        throw new IOException(file + ": the key names no curve");
    }

    private static int contentStart(byte[] der, int at) {
        int length = der[at + 1] & 0xff;
        return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
    }

    private static int contentLength(byte[] der, int at) {
        int length = der[at + 1] & 0xff;
        if (length < 0x80) {
            return length;
        }
        int value = 0;
        for (int i = 0; i < (length & 0x7f); i++) {
            value = (value << 8) | (der[at + 2 + i] & 0xff);
        }
        if (value < 0) {
            throw new ArrayIndexOutOfBoundsException(value);
        }
        return value;
    }

    private static byte[] tlv(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        int length = content.size();
        if (length < 0x80) {
            out.write(length);
        } else {
            byte[] bytes = BigInteger.valueOf(length).toByteArray();
            int zeros = bytes[0] == 0 ? 1 : 0;
            out.write(0x80 | (bytes.length - zeros));
            out.write(bytes, zeros, bytes.length - zeros);
        }
        out.writeBytes(content.toByteArray());
        return out.toByteArray();
    }
}
