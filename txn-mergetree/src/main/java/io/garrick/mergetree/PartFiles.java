package io.garrick.mergetree;

import io.garrick.base.Disk;
import io.garrick.mergetree.part.PartReader;
import io.garrick.mergetree.part.PartWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Part files of a store. A file is written under {@code tmp}, made durable, and renamed; only then
 * does the manifest name it. Files that the manifest does not name are leftovers of a crash.
 */
final class PartFiles {
    private static final Logger log = LoggerFactory.getLogger(PartFiles.class);
    private static final Path PARTS = Path.of("parts");
    private static final Path TMP = Path.of("tmp");
    private static final String SUFFIX = ".cpf";

    private final Disk disk;

    PartFiles(Disk disk) throws IOException {
        this.disk = disk;
        disk.createDirectories(PARTS);
        disk.createDirectories(TMP);
        // Without this a crash may take the directory, with every part in it.
        disk.syncDirectory(Path.of(""));
        for (String name : disk.list(TMP)) {
            disk.deleteIfExists(TMP.resolve(name));
        }
    }

    PartWriter create(PartWriter.Identity identity) throws IOException {
        return PartWriter.create(disk, TMP.resolve(name(identity.partId())), identity);
    }

    /** Gives a finished file its name; durable on return. */
    PartReader publish(long partId) throws IOException {
        disk.rename(TMP.resolve(name(partId)), path(partId));
        disk.syncDirectory(PARTS);
        return open(partId);
    }

    PartReader open(long partId) throws IOException {
        return PartReader.open(disk, path(partId));
    }

    void deleteUnfinished(long partId) throws IOException {
        disk.deleteIfExists(TMP.resolve(name(partId)));
        disk.deleteIfExists(path(partId));
    }

    /** For the last unpin; a file that stays is deleted at the next start. */
    void delete(LivePart part) {
        try {
            disk.deleteIfExists(path(part.partId()));
        } catch (IOException e) {
            log.warn("part not deleted partId={} reason={}", part.partId(), String.valueOf(e));
        }
    }

    void deleteAllBut(Set<Long> partIds) throws IOException {
        for (String name : disk.list(PARTS)) {
            if (!name.endsWith(SUFFIX) || !partIds.contains(idOf(name))) {
                log.info("orphan file deleted name={}", name);
                disk.deleteIfExists(PARTS.resolve(name));
            }
        }
    }

    private static Path path(long partId) {
        return PARTS.resolve(name(partId));
    }

    private static String name(long partId) {
        return partId + SUFFIX;
    }

    private static long idOf(String name) {
        String digits = name.substring(0, name.length() - SUFFIX.length());
        return digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : -1;
    }
}
