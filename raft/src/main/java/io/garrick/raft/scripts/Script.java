package io.garrick.raft.scripts;

/** Something that answers the commands of one script, and remembers between them. */
interface Script {
    /** What the command prints. */
    String run(Directive directive);

    /** A command that this kind of script does not have. */
    final class UnknownCommand extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UnknownCommand(Directive directive) {
            super("unknown command '" + directive.command() + "'");
        }
    }
}
