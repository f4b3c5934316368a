package io.garrick.flashkv.pd;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** All placement rules at one moment, in the order in which they apply. Immutable. */
final class RuleSet {
    private final Map<String, RuleGroup> groups;
    private final Map<String, PlacementRule> byName;
    private final List<PlacementRule> ordered;
    private final TreeSet<Key> borders = new TreeSet<>();

    RuleSet(Collection<PlacementRule> rules, Collection<RuleGroup> groups) {
        this.groups = new TreeMap<>();
        groups.forEach(group -> this.groups.put(group.id(), group));
        this.byName = new TreeMap<>();
        rules.forEach(rule -> byName.put(rule.name(), rule));
        this.ordered = new ArrayList<>(byName.values());
        ordered.sort(
                Comparator.comparingInt((PlacementRule rule) -> group(rule.groupId()).index())
                        .thenComparing(PlacementRule::groupId)
                        .thenComparingInt(PlacementRule::index)
                        .thenComparing(PlacementRule::id));
        for (PlacementRule rule : ordered) {
            borders.add(rule.range().start());
            borders.add(rule.range().end());
        }
        borders.remove(Key.EMPTY);
    }

    RuleGroup group(String id) {
        RuleGroup group = groups.get(id);
        return group == null ? new RuleGroup(id, 0, false) : group;
    }

    Collection<RuleGroup> groups() {
        return groups.values();
    }

    List<PlacementRule> rules() {
        return ordered;
    }

    /**
     * Borders of rules strictly inside {@code range}; a region with any is to be split there first.
     */
    List<Key> bordersInside(KeyRange range) {
        List<Key> inside = new ArrayList<>();
        for (Key border : borders.tailSet(range.start(), false)) {
            if (!range.end().isEmpty() && border.compareTo(range.end()) >= 0) {
                break;
            }
            inside.add(border);
        }
        return inside;
    }

    /** The rules in force for a range without borders inside. */
    List<PlacementRule> rulesFor(KeyRange range) {
        List<PlacementRule> applied = new ArrayList<>();
        String group = "";
        int groupStart = 0;
        for (PlacementRule rule : ordered) {
            if (!rule.range().contains(range)) {
                continue;
            }
            if (!rule.groupId().equals(group)) {
                group = rule.groupId();
                if (group(group).override()) {
                    applied.clear();
                }
                groupStart = applied.size();
            }
            if (rule.override()) {
                applied.subList(groupStart, applied.size()).clear();
            }
            applied.add(rule);
        }
        return applied;
    }
}
