package io.garrick.server.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import io.garrick.server.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Settings of {@code garrick server}. A TOML file has the same names as the flags, without the
 * dashes in front; a flag wins over the file. Addresses are {@code host:port}; port 0 means a free
 * one.
 *
 * @param pd addresses of the cluster's PDs
 * @param dataDir everything durable; one process at a time
 * @param advertiseAddr where TiKV and PD reach this store; raft, snapshots and the service share
 *     one port
 * @param flightAddr where Flight SQL listens
 * @param statusAddr where the HTTP status pages listen
 * @param heartbeatMillis between heartbeats to PD
 * @param raftTickMillis the base tick of raft; TiKV's is 1000
 * @param schemaPollMillis between looks at the schema version
 * @param checkpointMillis between checkpoints
 * @param caPath whom to trust, in PEM; with the next two it turns on TLS for the store's port,
 *     raft, PD and the status pages
 * @param certPath this node's certificate, in PEM
 * @param keyPath its key, in PEM
 * @param certAllowedCn common names that may connect; absent: whoever the CA vouches for
 * @param labels location labels for PD, such as {@code zone}
 * @param capacityBytes what PD takes for this store's size; absent: the file system's
 * @param queryMemoryBytes what all queries together may hold in Arrow buffers
 */
public record ServerConfig(
        @Nullable List<String> pd,
        @Nullable Path dataDir,
        @Nullable String advertiseAddr,
        @Nullable String flightAddr,
        @Nullable String statusAddr,
        @Nullable Long heartbeatMillis,
        @Nullable Long raftTickMillis,
        @Nullable Long schemaPollMillis,
        @Nullable Long checkpointMillis,
        @Nullable Long queryMemoryBytes,
        @Nullable Path caPath,
        @Nullable Path certPath,
        @Nullable Path keyPath,
        @Nullable List<String> certAllowedCn,
        @Nullable Map<String, String> labels,
        @Nullable Long capacityBytes,
        @JsonProperty("run-file") @Nullable Path runFile) {

    public static final ServerConfig NONE =
            new ServerConfig(
                    null, null, null, null, null, null, null, null, null, null, null, null, null,
                    null, null, null, null);

    /** Reads a TOML file; an unknown key or a wrong type is the user's error. */
    public static ServerConfig read(Path file) {
        if (!Files.isReadable(file)) {
            throw new UserError("cannot read the configuration file " + file);
        }
        TomlMapper mapper = new TomlMapper();
        mapper.setPropertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE);
        mapper.enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
        try {
            return mapper.readValue(Files.readString(file), ServerConfig.class);
        } catch (UnrecognizedPropertyException e) {
            throw new UserError(
                    file
                            + ": unknown key '"
                            + e.getPropertyName()
                            + "'; known keys: "
                            + e.getKnownPropertyIds(),
                    e);
        } catch (JsonProcessingException e) {
            var where = e.getLocation();
            throw new UserError(
                    file
                            + (where == null ? "" : " line " + where.getLineNr())
                            + ": "
                            + e.getOriginalMessage(),
                    e);
        } catch (IOException e) {
            throw new UserError(
                    "cannot read the configuration file " + file + ": " + e.getMessage(), e);
        }
    }

    /** Every setting of {@code flags} that is given, else this one's. */
    public ServerConfig overriddenBy(ServerConfig flags) {
        return new ServerConfig(
                pick(flags.pd, pd),
                pick(flags.dataDir, dataDir),
                pick(flags.advertiseAddr, advertiseAddr),
                pick(flags.flightAddr, flightAddr),
                pick(flags.statusAddr, statusAddr),
                pick(flags.heartbeatMillis, heartbeatMillis),
                pick(flags.raftTickMillis, raftTickMillis),
                pick(flags.schemaPollMillis, schemaPollMillis),
                pick(flags.checkpointMillis, checkpointMillis),
                pick(flags.queryMemoryBytes, queryMemoryBytes),
                pick(flags.caPath, caPath),
                pick(flags.certPath, certPath),
                pick(flags.keyPath, keyPath),
                pick(flags.certAllowedCn, certAllowedCn),
                pick(flags.labels, labels),
                pick(flags.capacityBytes, capacityBytes),
                pick(flags.runFile, runFile));
    }

    private static <T> @Nullable T pick(@Nullable T first, @Nullable T second) {
        return first != null ? first : second;
    }
}
