package io.garrick.server.transfer;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.garrick.server.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * What an export holds.
 *
 * @param formatVersion 1
 * @param snapshotTs the TSO that all rows were read at
 * @param tableInfo TiDB's TableInfo JSON of the table at that time
 */
public record ExportManifest(
        int formatVersion,
        String database,
        String table,
        long snapshotTs,
        long rowCount,
        JsonNode tableInfo,
        List<DataFile> files) {
    static final int VERSION = 1;
    static final String FILE = "manifest.json";

    public ExportManifest {
        files = List.copyOf(files);
    }

    /**
     * One Parquet file.
     *
     * @param sha256 of all its bytes, in hexadecimal
     */
    public record DataFile(String name, long rowCount, long sizeBytes, String sha256) {
        static DataFile of(Path file, long rowCount) throws IOException {
            return new DataFile(
                    String.valueOf(file.getFileName()), rowCount, Files.size(file), digest(file));
        }
    }

    static String digest(Path file) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                in.transferTo(OutputStream.nullOutputStream());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Replaces the manifest as a whole. */
    void write(Path directory) throws IOException {
        Path temporary = directory.resolve(FILE + ".tmp");
        new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(temporary.toFile(), this);
        Files.move(temporary, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Reads a manifest and checks every file's size and checksum before anything uses them. */
    static ExportManifest readChecked(Path directory) throws IOException {
        ExportManifest manifest = read(directory);
        for (DataFile data : manifest.files()) {
            check(directory, data);
        }
        return manifest;
    }

    /** Reads a manifest alone. */
    static ExportManifest read(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new UserError(directory + " is no export: it has no " + FILE);
        }
        ExportManifest manifest;
        try {
            manifest = new ObjectMapper().readValue(file.toFile(), ExportManifest.class);
        } catch (JacksonException e) {
            throw new UserError(file + " is damaged: " + e.getOriginalMessage(), e);
        }
        if (manifest.formatVersion() != VERSION) {
            throw new UserError(
                    file + " has format version " + manifest.formatVersion() + ", known is 1");
        }
        return manifest;
    }

    private static void check(Path directory, DataFile data) throws IOException {
        if (!data.name().matches("data-[0-9]+\\.parquet")) {
            throw new UserError("the manifest names a file '" + data.name() + "' of no export");
        }
        Path file = directory.resolve(data.name());
        if (!Files.isRegularFile(file)) {
            throw new UserError(file + " is missing");
        }
        if (Files.size(file) != data.sizeBytes() || !digest(file).equals(data.sha256())) {
            throw new UserError(file + " is not the file that was exported: its checksum differs");
        }
    }
}
