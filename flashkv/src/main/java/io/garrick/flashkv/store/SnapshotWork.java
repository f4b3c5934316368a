package io.garrick.flashkv.store;

import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.proto.meta.Region;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Snapshots of a store's regions: built in the background, put in place on arrival or, after a
 * crash, at the start. Owned by the store's thread.
 */
final class SnapshotWork {
    private static final Logger log = LoggerFactory.getLogger(SnapshotWork.class);

    private final StoreLoop loop;
    private final StoreConfig config;
    private final KvEngine kv;
    private final RaftLog raftLog;
    private final ExecutorService background;
    private final InstantSource clock;
    private final Path snapshotRoot;

    SnapshotWork(
            StoreLoop loop,
            StoreConfig config,
            KvEngine kv,
            RaftLog raftLog,
            ExecutorService background,
            InstantSource clock) {
        this.loop = loop;
        this.config = config;
        this.kv = kv;
        this.raftLog = raftLog;
        this.background = background;
        this.clock = clock;
        this.snapshotRoot = config.directory().resolve("snap");
    }

    // The crash came after the snapshot was accepted: its files are still here.
    void resumeInstall(Region region) {
        try {
            byte[] raft = kv.getLocal(LocalKeys.snapshotRaftState(region.getId()));
            if (raft != null) {
                var accepted = io.garrick.proto.raftserver.RaftLocalState.parseFrom(raft);
                var current = raftLog.state(region.getId());
                if (current == null
                        || current.getHardState().getCommit()
                                < accepted.getHardState().getCommit()) {
                    raftLog.clear(region.getId());
                    raftLog.putState(region.getId(), accepted, true);
                    raftLog.commit();
                }
            }
            SnapshotInstall.install(kv, SnapshotFiles.read(installDirectory(region.getId())));
        } catch (IOException e) {
            throw new EngineFailure(e);
        }
    }

    void deleteOldSnapshots() {
        SnapshotFiles.delete(snapshotRoot);
        try {
            Files.createDirectories(snapshotRoot);
        } catch (IOException e) {
            throw new EngineFailure(e);
        }
    }

    private Path installDirectory(long regionId) {
        return config.directory().resolve("install").resolve(Long.toString(regionId));
    }

    /** Moves a snapshot to where a restart finds it while its data is put in place. */
    SnapshotFiles keepForInstall(long regionId, SnapshotMetadata meta, SnapshotFiles files) {
        Path directory = installDirectory(regionId);
        try {
            SnapshotFiles.delete(directory);
            Files.createDirectories(directory.resolveSibling("any"));
            Files.move(files.directory(), directory, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new EngineFailure(e);
        }
        log.debug("snapshot to be installed regionId={} meta={}", regionId, meta);
        return new SnapshotFiles(directory, files.data());
    }

    void install(PeerStorage storage, SnapshotFiles files) {
        SnapshotInstall.install(kv, files);
        try (KvEngine.Batch batch = kv.newBatch()) {
            storage.snapshotInstalled(batch);
            kv.write(batch, config.sync());
        }
        files.delete();
    }

    /** Builds off this thread, from the engine as it is now; the result comes back on it. */
    void buildSnapshot(
            Region region,
            SnapshotMetadata meta,
            Consumer<SnapshotGeneration.@Nullable Built> done) {
        EngineSnapshot snapshot = kv.snapshot();
        if (snapshot == null) {
            done.accept(null);
            return;
        }
        Path directory =
                SnapshotFiles.directory(
                        snapshotRoot, region.getId(), meta.getTerm(), meta.getIndex());
        Runnable build =
                () -> {
                    SnapshotGeneration.Built built = null;
                    try (snapshot) {
                        SnapshotFiles.delete(directory);
                        SnapshotFiles files =
                                SnapshotBuilder.build(snapshot, region, directory, clock);
                        built =
                                new SnapshotGeneration.Built(
                                        Snapshot.newBuilder()
                                                .setMetadata(meta)
                                                .setData(files.data().toByteString())
                                                .build(),
                                        files);
                        log.info(
                                "snapshot built regionId={} index={} bytes={}",
                                region.getId(),
                                meta.getIndex(),
                                files.data().getFileSize());
                    } catch (IOException | RuntimeException e) {
                        log.warn("snapshot not built regionId={}", region.getId(), e);
                    }
                    SnapshotGeneration.Built result = built;
                    loop.post(() -> {
                        done.accept(result);
                        Peer peer = loop.peer(region.getId());
                        if (peer != null) {
                            loop.touch(peer);
                        }
                    });
                };
        try {
            background.execute(build);
        } catch (RejectedExecutionException e) {
            snapshot.close();
        }
    }
}
