package io.garrick.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Properties;

/**
 * Says which server this user started last, so that {@code garrick sql} finds it without a URL.
 *
 * <p>Lives in {@code $XDG_RUNTIME_DIR/garrick} or {@code ~/.garrick}; the server removes it when it
 * stops, if it is still its own.
 *
 * @param url the Flight SQL address, for example {@code grpc://127.0.0.1:41234}
 */
public record RunFile(long pid, String url) {
    /** Where the file lives for this user. */
    public static Path defaultPath() {
        String chosen = System.getenv("GARRICK_RUN_FILE");
        if (chosen != null && !chosen.isBlank()) {
            return Path.of(chosen);
        }
        String runtime = System.getenv("XDG_RUNTIME_DIR");
        Path directory =
                runtime != null && Files.isDirectory(Path.of(runtime))
                        ? Path.of(runtime, "garrick")
                        : Path.of(System.getProperty("user.home"), ".garrick");
        return directory.resolve("last-server");
    }

    public void write(Path path) throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        Properties properties = new Properties();
        properties.setProperty("pid", Long.toString(pid));
        properties.setProperty("url", url);
        Path temporary = path.resolveSibling(path.getFileName() + "." + pid);
        try (var out = Files.newOutputStream(temporary)) {
            properties.store(out, "the Garrick server started last");
        }
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-------"));
        Files.move(
                temporary,
                path,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** Empty if there is none or it cannot be read. */
    public static Optional<RunFile> read(Path path) {
        try (var in = Files.newInputStream(path)) {
            Properties properties = new Properties();
            properties.load(in);
            String url = properties.getProperty("url");
            String pid = properties.getProperty("pid");
            return url == null || pid == null
                    ? Optional.empty()
                    : Optional.of(new RunFile(Long.parseLong(pid), url));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Removes the file if it is this server's. */
    public void remove(Path path) {
        if (read(path).filter(this::equals).isPresent()) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                // A stale file is answered with "is gone" by its reader.
            }
        }
    }

    public boolean isAlive() {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }
}
