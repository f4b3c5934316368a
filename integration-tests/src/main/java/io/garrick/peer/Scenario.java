package io.garrick.peer;

import java.util.random.RandomGenerator;

/**
 * The kind of group that a seed looks at.
 *
 * @param ourVoters our peers among the first voters; 0 lets ours join later, as learners
 * @param oursMayVote whether ours may be promoted
 * @param oursLead whether leadership is pushed towards ours
 * @param tickPercent how likely a peer's clock ticks in a turn
 * @param priority every voter's: if one had more than the others, it would refuse them its vote
 *     even where its own log is too old to win
 */
record Scenario(
        int raftRsVoters,
        int ourVoters,
        boolean oursMayVote,
        boolean oursLead,
        boolean preVote,
        boolean checkQuorum,
        int tickPercent,
        long priority) {

    static Scenario draw(RandomGenerator random) {
        boolean preVote = random.nextInt(4) > 0;
        boolean checkQuorum = random.nextInt(4) > 0;
        int tickPercent = 10 + random.nextInt(25);
        long priority = random.nextInt(4) == 0 ? 1 : 0;
        return switch (random.nextInt(5)) {
            // A learner for ever, as under TiKV.
            case 0 -> new Scenario(3, 0, false, false, preVote, checkQuorum, tickPercent, priority);
            // A learner that is promoted and demoted.
            case 1 -> new Scenario(3, 0, true, false, preVote, checkQuorum, tickPercent, priority);
            case 2 -> new Scenario(2, 1, true, false, preVote, checkQuorum, tickPercent, priority);
            case 3 -> new Scenario(2, 1, true, true, preVote, checkQuorum, tickPercent, priority);
            default -> new Scenario(2, 2, true, true, preVote, checkQuorum, tickPercent, priority);
        };
    }

    /** Settings of one peer; what both sides of a group must agree on is the scenario's. */
    Op.Settings settings(RandomGenerator random) {
        return new Op.Settings(
                preVote,
                checkQuorum,
                random.nextBoolean(),
                random.nextInt(3) == 0,
                1 + random.nextInt(8),
                random.nextInt(3) == 0 ? 0 : 200,
                random.nextInt(3) == 0 ? 100 : 1 << 20,
                priority);
    }
}
