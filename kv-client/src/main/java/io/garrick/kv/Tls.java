package io.garrick.kv;

import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS with the cluster's own certificates, for what this process dials and for what it listens on.
 *
 * <p>Both sides show a certificate and check the other's against the CA. The files are looked at
 * again at a handshake, at most once a second: changed ones serve the next connection, and files
 * that cannot be read leave the former in force. Names of servers are checked as in HTTPS; of
 * clients, the common name, if a list of allowed ones is given (as TiKV's {@code cert-allowed-cn}).
 * Safe for use by many threads.
 */
public final class Tls {
    private static final Logger log = LoggerFactory.getLogger(Tls.class);
    private static final long CHECK_NANOS = 1_000_000_000L;

    /**
     * Where the certificates are, in PEM.
     *
     * @param ca whom to trust
     * @param cert this process's certificate, and those between it and the CA
     * @param key its private key, not encrypted
     * @param allowedCommonNames who may connect; empty: whoever the CA vouches for
     */
    public record Config(Path ca, Path cert, Path key, Set<String> allowedCommonNames) {
        public Config {
            allowedCommonNames = Set.copyOf(allowedCommonNames);
        }

        List<Path> files() {
            return List.of(ca, cert, key);
        }
    }

    private record Material(
            long version,
            List<X509Certificate> chain,
            PrivateKey key,
            X509ExtendedTrustManager trust) {}

    private final Config config;
    private final Map<String, Material> byAlias = new ConcurrentHashMap<>();
    private final X509ExtendedKeyManager keys = new Keys();
    private final X509ExtendedTrustManager trust = new Trust();
    private volatile Consumer<String> onRefused = detail -> log.info("tls {}", detail);
    private Material current; // guarded by this, like the two below
    private String stamp;
    private long checkedNanos = System.nanoTime();

    private Tls(Config config) throws IOException {
        this.config = config;
        this.stamp = stamp(config);
        this.current = read(config, 1);
        byAlias.put(alias(current), current);
    }

    /**
     * Reads the files once.
     *
     * @throws IOException a file is missing or says nothing usable; the message names it
     */
    public static Tls load(Config config) throws IOException {
        return new Tls(config);
    }

    /** Told, in a few words, about each client that was refused for its name. */
    public void onRefusedClient(Consumer<String> told) {
        onRefused = told;
    }

    /** For gRPC channels. */
    public SslContext forClients() {
        try {
            return GrpcSslContexts.configure(
                            SslContextBuilder.forClient().keyManager(keys).trustManager(trust),
                            SslProvider.JDK)
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("TLS is not available", e);
        }
    }

    /** For gRPC servers; a client without a certificate is refused. */
    public SslContext forServers() {
        try {
            return GrpcSslContexts.configure(
                            SslContextBuilder.forServer(keys)
                                    .trustManager(trust)
                                    .clientAuth(ClientAuth.REQUIRE),
                            SslProvider.JDK)
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("TLS is not available", e);
        }
    }

    /** For HTTPS servers. */
    public SSLContext forHttps() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {keys}, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("TLS is not available", e);
        }
    }

    /** True if clients must show a certificate also where a browser or a monitor may come. */
    public boolean restrictsNames() {
        return !config.allowedCommonNames.isEmpty();
    }

    /** The channel speaks TLS if {@code tls} is given. */
    public static NettyChannelBuilder secured(NettyChannelBuilder channel, @Nullable Tls tls) {
        return tls == null ? channel.usePlaintext() : channel.sslContext(tls.forClients());
    }

    // ---- files

    private static String stamp(Config config) throws IOException {
        StringBuilder stamp = new StringBuilder();
        for (Path file : config.files()) {
            stamp.append(Files.getLastModifiedTime(file).toMillis())
                    .append(' ')
                    .append(Files.size(file))
                    .append(' ');
        }
        return stamp.toString();
    }

    private static Material read(Config config, long version) throws IOException {
        List<X509Certificate> chain = PemFiles.certificates(config.cert);
        PrivateKey key = PemFiles.key(config.key);
        if (!chain.getFirst().getPublicKey().getAlgorithm().equals(key.getAlgorithm())) {
            throw new IOException(config.key + " does not belong to " + config.cert);
        }
        try {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int count = 0;
            for (X509Certificate authority : PemFiles.certificates(config.ca)) {
                trusted.setCertificateEntry("ca-" + count++, authority);
            }
            TrustManagerFactory factory =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            X509ExtendedTrustManager trust =
                    Arrays.stream(factory.getTrustManagers())
                            .filter(X509ExtendedTrustManager.class::isInstance)
                            .map(X509ExtendedTrustManager.class::cast)
                            .findFirst()
                            .orElseThrow(() -> new IllegalStateException("no trust manager"));
            return new Material(version, chain, key, trust);
        } catch (GeneralSecurityException e) {
            throw new IOException(config.ca + ": " + e.getMessage(), e);
        }
    }

    private static String alias(Material material) {
        return "garrick-" + material.version;
    }

    private synchronized Material current() {
        long now = System.nanoTime();
        if (now - checkedNanos < CHECK_NANOS) {
            return current;
        }
        checkedNanos = now;
        try {
            String seen = stamp(config);
            if (!seen.equals(stamp)) {
                Material next = read(config, current.version + 1);
                // A handshake under way may still ask for the former.
                byAlias.keySet().retainAll(Set.of(alias(current)));
                byAlias.put(alias(next), next);
                current = next;
                stamp = seen;
                log.info(
                        "certificates read anew subject={}",
                        next.chain.getFirst().getSubjectX500Principal());
            }
        } catch (IOException e) {
            log.warn("certificates not read anew, the former stay in force", e);
        }
        return current;
    }

    // ---- what the handshake asks

    private final class Keys extends X509ExtendedKeyManager {
        private @Nullable String choose(String... keyTypes) {
            Material material = current();
            for (String type : keyTypes) {
                if (type.equals(material.key.getAlgorithm())) {
                    return alias(material);
                }
            }
            return null;
        }

        @Override
        public @Nullable String chooseEngineClientAlias(
                String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return choose(keyTypes);
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return choose(keyType);
        }

        @Override
        public @Nullable String chooseClientAlias(
                String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return choose(keyTypes);
        }

        @Override
        public @Nullable String chooseServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return choose(keyType);
        }

        @Override
        public String @Nullable [] getClientAliases(
                String keyType, Principal @Nullable [] issuers) {
            String alias = choose(keyType);
            return alias == null ? null : new String[] {alias};
        }

        @Override
        public String @Nullable [] getServerAliases(
                String keyType, Principal @Nullable [] issuers) {
            return getClientAliases(keyType, issuers);
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(String alias) {
            Material material = byAlias.get(alias);
            return material == null ? null : material.chain.toArray(new X509Certificate[0]);
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(String alias) {
            Material material = byAlias.get(alias);
            return material == null ? null : material.key;
        }
    }

    private final class Trust extends X509ExtendedTrustManager {
        private void checkName(X509Certificate[] chain) throws CertificateException {
            if (config.allowedCommonNames.isEmpty()) {
                return;
            }
            String name = commonName(chain[0]);
            if (!config.allowedCommonNames.contains(name)) {
                onRefused.accept("common name not allowed: " + name);
                throw new CertificateException("common name not allowed: " + name);
            }
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            current().trust.checkClientTrusted(chain, type, engine);
            checkName(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            current().trust.checkClientTrusted(chain, type, socket);
            checkName(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type)
                throws CertificateException {
            current().trust.checkClientTrusted(chain, type);
            checkName(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            current().trust.checkServerTrusted(chain, type, engine);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            current().trust.checkServerTrusted(chain, type, socket);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type)
                throws CertificateException {
            current().trust.checkServerTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return current().trust.getAcceptedIssuers();
        }
    }

    private static String commonName(X509Certificate certificate) throws CertificateException {
        try {
            for (Rdn rdn :
                    new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                if (rdn.getType().equalsIgnoreCase("CN")) {
                    return String.valueOf(rdn.getValue());
                }
            }
            return "";
        } catch (InvalidNameException e) {
            throw new CertificateException("unreadable subject", e);
        }
    }
}
