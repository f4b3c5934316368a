package io.garrick.learner;

import io.garrick.base.KeyRange;

/**
 * Permission to read one region's part of a range.
 *
 * @param range the region's whole encoded range when the permission was given
 * @param installation grows whenever a snapshot replaces the region's data, at any epoch
 */
public record RegionLease(
        long regionId, long confVer, long version, KeyRange range, long installation) {}
