package io.garrick.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Properties;

/**
 * Says which server this user started last, so that {@code garrick sql}, {@code export} and {@code
 * import} find it and its cluster without a URL.
 *
 * <p>Lives in {@code $XDG_RUNTIME_DIR/garrick} or {@code ~/.garrick}; the server removes it when it
 * stops, if it is still its own.
 *
 * @param url the Flight SQL address, for example {@code grpc://127.0.0.1:41234}
 * @param pd the members of its cluster's PD, {@code host:port} with commas between
 */
public record RunFile(long pid, String url, String pd) {
    /**
     * The server that this user started last.
     *
     * @param option what the user can give instead
     * @throws UserError if there is none, or it is gone
     */
    public static RunFile running(String option) {
        RunFile run =
                read(defaultPath())
                        .orElseThrow(() ->
                                new UserError(
                                        "no server is running that this user started; start one"
                                            + " with 'garrick demo' or 'garrick server', or give "
                                                + option));
        if (!run.isAlive()) {
            throw new UserError(
                    "the server started last ("
                            + run.url()
                            + ", process "
                            + run.pid()
                            + ") is gone; start one, or give "
                            + option);
        }
        return run;
    }

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
        properties.setProperty("pd", pd);
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
            String pd = properties.getProperty("pd");
            return url == null || pid == null || pd == null
                    ? Optional.empty()
                    : Optional.of(new RunFile(Long.parseLong(pid), url, pd));
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
