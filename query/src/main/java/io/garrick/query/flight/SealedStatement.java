package io.garrick.query.flight;

import com.google.protobuf.ByteString;
import io.garrick.base.Timestamp;
import io.garrick.query.QuerySession;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A statement as a ticket carries it.
 *
 * @param nonce makes each ticket its own, so that one can be cancelled
 * @param parameters SQL literals
 */
record SealedStatement(
        long nonce,
        String sql,
        Optional<String> database,
        Timestamp snapshotTs,
        List<String> parameters) {
    SealedStatement {
        parameters = List.copyOf(parameters);
    }

    QuerySession session() {
        return new QuerySession(database, Optional.of(snapshotTs.toString()));
    }

    /** Seals and opens tickets with a key that lives as long as the process. */
    static final class Sealer {
        private static final String ALGORITHM = "HmacSHA256";
        private static final int SEAL_BYTES = 32;

        private final SecretKeySpec key;
        private final SecureRandom random = new SecureRandom();

        Sealer() {
            byte[] bytes = new byte[SEAL_BYTES];
            random.nextBytes(bytes);
            key = new SecretKeySpec(bytes, ALGORITHM);
        }

        long nonce() {
            return random.nextLong();
        }

        /** Seal, then nonce, timestamp, and the strings, each with its length. */
        ByteString seal(SealedStatement statement) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (DataOutputStream out = new DataOutputStream(bytes)) {
                out.writeLong(statement.nonce());
                out.writeLong(statement.snapshotTs().value());
                write(out, statement.sql());
                out.writeBoolean(statement.database().isPresent());
                write(out, statement.database().orElse(""));
                out.writeInt(statement.parameters().size());
                for (String parameter : statement.parameters()) {
                    write(out, parameter);
                }
            } catch (IOException impossible) {
                throw new IllegalStateException(impossible);
            }
            byte[] payload = bytes.toByteArray();
            return ByteString.copyFrom(sealOf(payload)).concat(ByteString.copyFrom(payload));
        }

        /** Empty if this process has not sealed {@code ticket}. */
        Optional<SealedStatement> open(ByteString ticket) {
            if (ticket.size() < SEAL_BYTES) {
                return Optional.empty();
            }
            byte[] payload = ticket.substring(SEAL_BYTES).toByteArray();
            byte[] seal = ticket.substring(0, SEAL_BYTES).toByteArray();
            if (!MessageDigest.isEqual(seal, sealOf(payload))) {
                return Optional.empty();
            }
            try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(payload))) {
                long nonce = in.readLong();
                Timestamp ts = new Timestamp(in.readLong());
                String sql = read(in);
                boolean hasDatabase = in.readBoolean();
                String database = read(in);
                int count = in.readInt();
                List<String> parameters = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    parameters.add(read(in));
                }
                return Optional.of(
                        new SealedStatement(
                                nonce,
                                sql,
                                hasDatabase ? Optional.of(database) : Optional.empty(),
                                ts,
                                parameters));
            } catch (IOException broken) {
                throw new IllegalStateException("a sealed ticket is broken", broken);
            }
        }

        private byte[] sealOf(byte[] payload) {
            try {
                Mac mac = Mac.getInstance(ALGORITHM);
                mac.init(key);
                return mac.doFinal(payload);
            } catch (GeneralSecurityException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        private static void write(DataOutputStream out, String text) throws IOException {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            out.writeInt(bytes.length);
            out.write(bytes);
        }

        private static String read(DataInputStream in) throws IOException {
            return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
        }
    }
}
