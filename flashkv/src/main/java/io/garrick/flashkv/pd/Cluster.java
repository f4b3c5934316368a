package io.garrick.flashkv.pd;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.proto.meta.NodeState;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.Store;
import io.garrick.proto.meta.StoreLabel;
import io.garrick.proto.meta.StoreState;
import io.garrick.proto.pd.ErrorType;
import io.garrick.proto.pd.RegionHeartbeatRequest;
import io.garrick.proto.pd.RegionHeartbeatResponse;
import io.garrick.proto.pd.SplitID;
import io.garrick.proto.pd.StoreStats;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's state: stores, regions, placement rules, running orders. One lock guards all of it;
 * no call waits for anything but the disk.
 */
final class Cluster {
    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    /** Peers on their way to one store: generous, the stores limit their snapshots themselves. */
    private static final int MAX_INCOMING_PEERS = 64;

    /** Looked at per patrol, so that one with many regions stays short. */
    private static final int PATROL_REGIONS = 256;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final PdConfig config;
    private final PdMeta meta;
    private final long clusterId;
    private final long memberId;
    private final IdAllocator ids;
    private final TsoOracle tso;
    private final GcState gc;
    private final RegionMap regions = new RegionMap();
    private final Map<Long, StoreInfo> stores = new TreeMap<>();
    private final OperatorBook operators;
    private final AdminOperators asked = new AdminOperators();
    private RuleSet rules;
    private boolean bootstrapped;
    private boolean halted;
    private Key patrolCursor = Key.EMPTY;

    Cluster(PdConfig config, PdMeta meta, RandomGenerator random) {
        this.config = config;
        this.meta = meta;
        this.clusterId = persistent("cluster_id", random);
        this.memberId = persistent("member_id", random);
        this.ids = new IdAllocator(meta);
        this.tso =
                new TsoOracle(
                        config.clock(),
                        new TsoOracle.Window() {
                            @Override
                            public long load() {
                                return meta.number("tso_bound");
                            }

                            @Override
                            public void save(long millis) {
                                meta.saveNumber("tso_bound", millis);
                            }
                        });
        this.gc = new GcState(meta, config.clock());
        this.operators = new OperatorBook(ids::next);
        this.bootstrapped = meta.number("bootstrapped") != 0;
        for (Store store : meta.stores()) {
            stores.put(store.getId(), new StoreInfo(store, StoreStats.getDefaultInstance(), 0));
        }
        for (Region region : meta.regions()) {
            regions.put(RegionInfo.of(region));
        }
        this.rules = loadRules();
    }

    /** Made once by chance: positive, never 0. */
    private long persistent(String name, RandomGenerator random) {
        long known = meta.number(name);
        if (known != 0) {
            return known;
        }
        long made = random.nextLong(1, Long.MAX_VALUE);
        meta.saveNumber(name, made);
        return made;
    }

    long clusterId() {
        return clusterId;
    }

    long memberId() {
        return memberId;
    }

    IdAllocator ids() {
        return ids;
    }

    TsoOracle tso() {
        return tso;
    }

    GcState gc() {
        return gc;
    }

    // ---- bootstrap ----

    synchronized boolean isBootstrapped() {
        return bootstrapped;
    }

    synchronized void bootstrap(Store store, Region region) {
        if (bootstrapped) {
            throw new PdException(
                    ErrorType.ALREADY_BOOTSTRAPPED, "cluster is already bootstrapped");
        }
        if (store.getId() == 0
                || region.getId() == 0
                || !region.getStartKey().isEmpty()
                || !region.getEndKey().isEmpty()
                || region.getPeersCount() != 1
                || region.getPeers(0).getId() == 0
                || region.getPeers(0).getStoreId() != store.getId()) {
            throw PdException.unknown(
                    "the first region must cover everything with one peer on the first store");
        }
        Store serving = serving(store);
        meta.saveBootstrap(serving, region);
        bootstrapped = true;
        stores.put(store.getId(), new StoreInfo(serving, StoreStats.getDefaultInstance(), now()));
        regions.put(RegionInfo.of(region));
        log.info(
                "cluster bootstrapped clusterId={} storeId={} regionId={}",
                clusterId,
                store.getId(),
                region.getId());
    }

    private void requireBootstrapped() {
        if (!bootstrapped) {
            throw new PdException(ErrorType.NOT_BOOTSTRAPPED, "cluster is not bootstrapped");
        }
    }

    // ---- stores ----

    /** The checks stand in PD's order ({@code PutStore}, {@code putStoreImpl}). */
    synchronized void putStore(Store store) {
        requireBootstrapped();
        StoreInfo known = stores.get(store.getId());
        if (known != null && known.isRemoved()) {
            throw new PdException(
                    ErrorType.STORE_TOMBSTONE, "store " + store.getId() + " is tombstone");
        }
        checkEngine(store);
        if (store.getId() == 0) {
            throw PdException.unknown("invalid put store, id is 0");
        }
        checkVersion(store);
        checkAddresses(store);
        Store merged = known == null ? serving(store) : merge(known.meta(), store);
        meta.saveStore(merged);
        StoreStats stats = known == null ? StoreStats.getDefaultInstance() : known.stats();
        stores.put(store.getId(), new StoreInfo(merged, stats, now()));
        log.info("store put storeId={} address={}", store.getId(), store.getAddress());
    }

    private static void checkEngine(Store store) {
        for (StoreLabel label : store.getLabelsList()) {
            if (label.getKey().equals("engine")
                    && !List.of("", "tikv", "tiflash", "tiflash_compute")
                            .contains(label.getValue())) {
                throw new PdException(
                        ErrorType.INVALID_VALUE, "invalid engine label " + label.getValue());
            }
        }
    }

    private void checkVersion(Store store) {
        try {
            if (!clusterVersion().accepts(Version.parse(store.getVersion()))) {
                throw PdException.unknown(
                        "version should compatible with version "
                                + clusterVersion()
                                + ", got "
                                + store.getVersion());
            }
        } catch (IllegalArgumentException e) {
            throw PdException.unknown("invalid put store " + store.getId() + ", " + e.getMessage());
        }
    }

    private void checkAddresses(Store store) {
        for (StoreInfo other : stores.values()) {
            if (other.id() == store.getId()
                    || other.isRemoved()
                    || other.meta().getPhysicallyDestroyed()) {
                continue;
            }
            if (other.meta().getAddress().equals(store.getAddress())) {
                throw PdException.unknown(
                        "duplicated store address: id:"
                                + store.getId()
                                + " address:"
                                + store.getAddress()
                                + ", already registered by id:"
                                + other.id());
            }
            String peerAddress = store.getPeerAddress();
            if (!peerAddress.isEmpty()
                    && (peerAddress.equals(other.meta().getPeerAddress())
                            || peerAddress.equals(other.meta().getAddress()))) {
                throw PdException.unknown(
                        "duplicated store peer address: id:"
                                + store.getId()
                                + " peer_address:"
                                + peerAddress
                                + ", already registered by id:"
                                + other.id());
            }
        }
    }

    private static Store serving(Store store) {
        return store.toBuilder().setState(StoreState.Up).setNodeState(NodeState.Serving).build();
    }

    /** Labels are merged, never dropped; what is PD's to set stays. */
    private static Store merge(Store known, Store update) {
        Map<String, String> labels = new LinkedHashMap<>();
        known.getLabelsList().forEach(label -> labels.put(label.getKey(), label.getValue()));
        update.getLabelsList().forEach(label -> labels.put(label.getKey(), label.getValue()));
        Store.Builder merged =
                update.toBuilder()
                        .setState(known.getState())
                        .setNodeState(known.getNodeState())
                        .setLastHeartbeat(known.getLastHeartbeat())
                        .clearLabels();
        labels.forEach((key, value) ->
                merged.addLabels(StoreLabel.newBuilder().setKey(key).setValue(value)));
        return merged.build();
    }

    synchronized StoreInfo store(long id) {
        requireBootstrapped();
        StoreInfo store = stores.get(id);
        if (store == null) {
            throw PdException.unknown("invalid store ID " + id + ", not found");
        }
        return store;
    }

    synchronized List<StoreInfo> stores() {
        requireBootstrapped();
        return List.copyOf(stores.values());
    }

    synchronized StoreInfo storeHeartbeat(StoreStats stats) {
        requireBootstrapped();
        StoreInfo known = stores.get(stats.getStoreId());
        if (known == null) {
            throw PdException.unknown("store " + stats.getStoreId() + " not found");
        }
        if (known.isRemoved()) {
            throw new PdException(
                    ErrorType.STORE_TOMBSTONE, "store " + stats.getStoreId() + " is tombstone");
        }
        Store meta =
                known.meta().toBuilder()
                        .setLastHeartbeat(Math.multiplyExact(now(), 1_000_000L))
                        .build();
        StoreInfo updated = new StoreInfo(meta, stats, now());
        stores.put(updated.id(), updated);
        return updated;
    }

    /** Takes a store out of service; it becomes a tombstone once it holds no peer. */
    synchronized void removeStore(long id) {
        StoreInfo store = store(id);
        if (store.isRemoved()) {
            throw new PdException(ErrorType.STORE_TOMBSTONE, "store " + id + " is tombstone");
        }
        setState(store, StoreState.Offline, NodeState.Removing);
    }

    /** Cancels a removal. */
    synchronized void restoreStore(long id) {
        StoreInfo store = store(id);
        if (store.isRemoved()) {
            throw new PdException(ErrorType.STORE_TOMBSTONE, "store " + id + " is tombstone");
        }
        setState(store, StoreState.Up, NodeState.Serving);
    }

    synchronized void buryEmptiedStores() {
        for (StoreInfo store : List.copyOf(stores.values())) {
            if (store.isRemoving() && regions.peerCount(store.id()) == 0) {
                setState(store, StoreState.Tombstone, NodeState.Removed);
            }
        }
    }

    private void setState(StoreInfo store, StoreState state, NodeState nodeState) {
        Store updated = store.meta().toBuilder().setState(state).setNodeState(nodeState).build();
        meta.saveStore(updated);
        stores.put(store.id(), new StoreInfo(updated, store.stats(), store.heartbeatMillis()));
        log.info("store state changed storeId={} state={}", store.id(), nodeState);
    }

    /** The lowest version of all stores in service. */
    synchronized Version clusterVersion() {
        Version lowest = null;
        for (StoreInfo store : stores.values()) {
            if (!store.isRemoved()) {
                Version version = Version.parse(store.meta().getVersion());
                lowest = lowest == null || version.compareTo(lowest) < 0 ? version : lowest;
            }
        }
        return lowest == null ? Version.parse(config.version()) : lowest;
    }

    // ---- regions ----

    synchronized Optional<RegionInfo> regionAt(Key key) {
        requireBootstrapped();
        return regions.at(key);
    }

    synchronized Optional<RegionInfo> regionBefore(Key key) {
        requireBootstrapped();
        return regions.before(key);
    }

    synchronized Optional<RegionInfo> region(long id) {
        requireBootstrapped();
        return regions.get(id);
    }

    synchronized List<RegionInfo> regions(KeyRange range, int limit) {
        requireBootstrapped();
        return regions.overlapping(range, limit);
    }

    synchronized int peerCount(long storeId) {
        return regions.peerCount(storeId);
    }

    synchronized int leaderCount(long storeId) {
        return regions.leaderCount(storeId);
    }

    /** Takes in what a leader says of its region, and gives the order to send back, if any. */
    synchronized Optional<RegionHeartbeatResponse> regionHeartbeat(
            RegionHeartbeatRequest heartbeat) {
        requireBootstrapped();
        RegionInfo region = RegionInfo.of(heartbeat);
        switch (regions.put(region)) {
            case RegionMap.Change.Stale _ -> {
                return Optional.empty();
            }
            case RegionMap.Change.SameMeta _ -> {}
            case RegionMap.Change.NewMeta(List<Long> removed) -> {
                meta.saveRegion(region.region(), removed);
                removed.forEach(operators::forget);
                removed.forEach(asked::forget);
            }
        }
        return order(region);
    }

    /**
     * Orders that are due now for the next few regions in key order, by the store of the leader
     * they go to.
     */
    synchronized Map<Long, List<RegionHeartbeatResponse>> patrol(Collection<Long> reachableStores) {
        Map<Long, List<RegionHeartbeatResponse>> orders = new HashMap<>();
        List<RegionInfo> batch =
                regions.overlapping(new KeyRange(patrolCursor, Key.EMPTY), PATROL_REGIONS);
        patrolCursor = batch.size() < PATROL_REGIONS ? Key.EMPTY : batch.getLast().range().end();
        for (RegionInfo region : batch) {
            long storeId = region.leader().getStoreId();
            if (region.leader().getId() != 0 && reachableStores.contains(storeId)) {
                order(region)
                        .ifPresent(order ->
                                orders.computeIfAbsent(storeId, _ -> new ArrayList<>()).add(order));
            }
        }
        return orders;
    }

    private Optional<RegionHeartbeatResponse> order(RegionInfo region) {
        return operators.next(
                region,
                now(),
                () -> {
                    Optional<Step> step =
                            asked.concerns(region.id(), now())
                                    ? asked.next(region, regions::get, now())
                                    : halted
                                            ? Optional.empty()
                                            : Scheduler.decide(region, rules, storeViews());
                    step.ifPresent(value ->
                            log.info("region ordered regionId={} step={}", region.id(), value));
                    return step;
                });
    }

    private Map<Long, StoreView> storeViews() {
        long now = now();
        Map<Long, StoreView> views = new TreeMap<>();
        for (StoreInfo store : stores.values()) {
            int incoming = operators.incomingPeers(store.id());
            views.put(
                    store.id(),
                    new StoreView(
                            store.id(),
                            store.labels(),
                            store.isUp(),
                            store.isConnected(now)
                                    && !store.stats().getIsBusy()
                                    && incoming < MAX_INCOMING_PEERS,
                            regions.peerCount(store.id()) + incoming,
                            regions.leaderCount(store.id()) + operators.incomingLeads(store.id())));
        }
        return views;
    }

    /**
     * Orders a step by hand, in place of what is running for the region.
     *
     * @throws PdException when the region is unknown or has no leader
     */
    synchronized void order(long regionId, Function<RegionInfo, Step> choice) {
        RegionInfo region = knownRegion(regionId);
        if (region.leader().getId() == 0) {
            throw PdException.unknown("region " + regionId + " has no leader");
        }
        Step step = choice.apply(region);
        operators.put(region, step, now());
        log.info("region ordered by hand regionId={} step={}", regionId, step);
    }

    synchronized void cancelOrder(long regionId) {
        operators.forget(regionId);
        asked.forget(regionId);
    }

    /** Moves the lead to the voter whose store leads the fewest regions, if that is another one. */
    synchronized void scatter(long regionId) {
        RegionInfo region = knownRegion(regionId);
        if (region.leader().getId() == 0 || operators.running(regionId).isPresent()) {
            return;
        }
        long here = region.leader().getStoreId();
        region.region().getPeersList().stream()
                .filter(peer -> RegionInfo.isVoter(peer) && !region.isPending(peer))
                .filter(peer -> isConnected(peer.getStoreId()))
                .filter(peer -> leads(peer.getStoreId()) + 1 < leads(here))
                .min(
                        Comparator.comparingInt((Peer peer) -> leads(peer.getStoreId()))
                                .thenComparingLong(Peer::getStoreId))
                .ifPresent(peer -> operators.put(region, new Step.Scatter(peer), now()));
    }

    private int leads(long storeId) {
        return regions.leaderCount(storeId) + operators.incomingLeads(storeId);
    }

    private boolean isConnected(long storeId) {
        StoreInfo store = stores.get(storeId);
        return store != null && store.isUp() && store.isConnected(now());
    }

    private RegionInfo knownRegion(long regionId) {
        requireBootstrapped();
        return regions.get(regionId)
                .orElseThrow(() ->
                        new PdException(
                                ErrorType.REGION_NOT_FOUND, "region " + regionId + " not found"));
    }

    /** Sets a goal for a region; it replaces an older one. */
    synchronized void ask(long regionId, AdminOperators.Goal goal) {
        asked.ask(knownRegion(regionId), goal, regions::get, now());
        operators.forget(regionId);
        log.info("region asked regionId={} goal={}", regionId, goal);
    }

    synchronized Map<Long, AdminOperators.Goal> asked() {
        return asked.all();
    }

    /** While halted, only what was asked for is ordered (PD's {@code halt-scheduling}). */
    synchronized void haltScheduling(boolean halt) {
        halted = halt;
    }

    synchronized Optional<Step> runningStep(long regionId) {
        return operators.running(regionId);
    }

    synchronized Map<Long, Step> runningSteps() {
        return operators.all();
    }

    /** Fresh ids for a split into {@code count} more regions. */
    synchronized List<SplitID> askSplit(Region region, int count) {
        requireBootstrapped();
        RegionInfo known = knownRegion(region.getId());
        if (region.getRegionEpoch().getVersion() < known.version()
                || region.getRegionEpoch().getConfVer() < known.confVer()) {
            throw PdException.unknown(
                    "invalid region to split, epoch of region " + region.getId() + " is stale");
        }
        List<SplitID> split = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            SplitID.Builder made = SplitID.newBuilder().setNewRegionId(ids.next());
            for (Peer _ : region.getPeersList()) {
                made.addNewPeerIds(ids.next());
            }
            split.add(made.build());
        }
        return split;
    }

    // ---- placement rules ----

    synchronized RuleSet rules() {
        return rules;
    }

    /**
     * Replaces rules and groups in one durable step; refuses a rule that no store could satisfy.
     */
    synchronized void updateRules(
            List<PlacementRule> puts,
            List<String> deletedNames,
            List<RuleGroup> putGroups,
            List<String> deletedGroups) {
        for (PlacementRule rule : puts) {
            boolean satisfiable =
                    stores.values().stream()
                            .filter(store -> !store.isRemoved())
                            .anyMatch(store ->
                                    LabelConstraint.match(store.labels(), rule.constraints()));
            if (!satisfiable) {
                throw new IllegalArgumentException(
                        "invalid rule content, rule '"
                                + rule.id()
                                + "' from rule group '"
                                + rule.groupId()
                                + "' can not match any store");
            }
        }
        Map<String, PlacementRule> byName = new TreeMap<>();
        rules.rules().forEach(rule -> byName.put(rule.name(), rule));
        deletedNames.forEach(byName::remove);
        puts.forEach(rule -> byName.put(rule.name(), rule));
        Map<String, RuleGroup> groups = new TreeMap<>();
        rules.groups().forEach(group -> groups.put(group.id(), group));
        deletedGroups.forEach(groups::remove);
        putGroups.forEach(group -> groups.put(group.id(), group));
        RuleSet updated = new RuleSet(byName.values(), groups.values());
        if (!puts.isEmpty() || !deletedNames.isEmpty()) {
            Map<String, String> texts = new HashMap<>();
            puts.forEach(rule -> texts.put(rule.name(), rule.toJson().toString()));
            meta.saveTexts('p', texts, deletedNames);
        }
        if (!putGroups.isEmpty() || !deletedGroups.isEmpty()) {
            Map<String, String> texts = new HashMap<>();
            putGroups.forEach(group -> texts.put(group.id(), group.toJson().toString()));
            meta.saveTexts('g', texts, deletedGroups);
        }
        rules = updated;
        log.info(
                "placement rules changed puts={} deletes={} rules={}",
                puts.size(),
                deletedNames.size(),
                updated.rules().size());
    }

    private RuleSet loadRules() {
        List<PlacementRule> loaded = new ArrayList<>();
        List<RuleGroup> groups = new ArrayList<>();
        try {
            for (String text : meta.texts('p').values()) {
                loaded.add(PlacementRule.parse(JSON.readTree(text)));
            }
            for (String text : meta.texts('g').values()) {
                groups.add(RuleGroup.parse(JSON.readTree(text)));
            }
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("saved placement rules are not JSON", e);
        }
        if (loaded.isEmpty()) {
            PlacementRule voters = PlacementRule.defaultVoters(config.replicas());
            meta.saveTexts('p', Map.of(voters.name(), voters.toJson().toString()), List.of());
            loaded.add(voters);
        }
        return new RuleSet(loaded, groups);
    }

    long now() {
        return config.clock().millis();
    }
}
