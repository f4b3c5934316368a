package io.garrick.learner;

import io.garrick.kv.Tls;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/** A certificate authority of a test, made with the JDK's keytool. */
final class Certificates {
    private static final String PASSWORD = "change-it";
    private final Path directory;
    private final Path authority;

    /** A new authority. */
    Certificates(Path directory, String name) throws IOException, InterruptedException {
        this.directory = Files.createDirectories(directory);
        this.authority = directory.resolve(name + ".p12");
        keytool("-genkeypair", authority, "-keyalg", "EC", "-dname", "CN=" + name, "-ext", "bc:c");
        keytool("-exportcert", authority, "-rfc", "-file", ca().toString());
    }

    Path ca() {
        return directory.resolve("ca-" + authority.getFileName() + ".pem");
    }

    /** A certificate for 127.0.0.1 and its key, as {@code name.pem} and {@code name.key}. */
    void issue(String name, String commonName) throws IOException, InterruptedException {
        issue(name, commonName, "EC");
    }

    void issue(String name, String commonName, String algorithm)
            throws IOException, InterruptedException {
        Path store = directory.resolve(name + "-" + System.nanoTime() + ".p12");
        Path request = directory.resolve(name + ".csr");
        keytool("-genkeypair", store, "-keyalg", algorithm, "-dname", "CN=" + commonName);
        keytool("-certreq", store, "-file", request.toString());
        keytool(
                "-gencert",
                authority,
                "-rfc",
                "-infile",
                request.toString(),
                "-outfile",
                pem(name).toString(),
                "-ext",
                "san=ip:127.0.0.1,dns:localhost");
        Files.writeString(key(name), "-----BEGIN PRIVATE KEY-----\n" + keyOf(store));
        Files.writeString(key(name), Files.readString(key(name)) + "\n-----END PRIVATE KEY-----\n");
    }

    private static String keyOf(Path store) throws IOException {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(in, PASSWORD.toCharArray());
            Key key = keys.getKey("it", PASSWORD.toCharArray());
            return Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                    .encodeToString(key.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    Path pem(String name) {
        return directory.resolve(name + ".pem");
    }

    Path key(String name) {
        return directory.resolve(name + ".key");
    }

    Tls tls(String name, String... allowedNames) throws IOException {
        return Tls.load(new Tls.Config(ca(), pem(name), key(name), Set.of(allowedNames)));
    }

    private static void keytool(String command, Path store, String... arguments)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        line.addAll(
                List.of(
                        command,
                        "-alias",
                        "it",
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD));
        line.addAll(List.of(arguments));
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(said);
        }
    }
}
