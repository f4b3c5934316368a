package io.garrick.server;

import io.garrick.server.cli.DecodeCommand;
import io.garrick.server.cli.DemoCommand;
import io.garrick.server.cli.ExportCommand;
import io.garrick.server.cli.FlashKvCommand;
import io.garrick.server.cli.ImportCommand;
import io.garrick.server.cli.InspectCommand;
import io.garrick.server.cli.ServerCommand;
import io.garrick.server.cli.SqlCommand;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code garrick}: one command with words. Exit codes: 0 done, 1 failed, 2 wrong usage. */
@Command(
        name = "garrick",
        description = "A columnar replica for TiKV: analytics on live data, over Arrow Flight SQL.",
        mixinStandardHelpOptions = true,
        version = "garrick 0.1.0",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DemoCommand.class,
            ServerCommand.class,
            FlashKvCommand.class,
            SqlCommand.class,
            DecodeCommand.class,
            InspectCommand.class,
            ExportCommand.class,
            ImportCommand.class,
            GenerateCompletion.class,
            CommandLine.HelpCommand.class
        })
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** What the command line does, without ending the process. Returns the exit code. */
    public static int run(String... arguments) {
        CommandLine line = new CommandLine(new Main());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((failure, _, _) -> {
            System.err.println("garrick: " + FailureText.of(failure));
            if (System.getenv("GARRICK_TRACE") != null) {
                failure.printStackTrace();
            }
            return CommandLine.ExitCode.SOFTWARE;
        });
        line.setParameterExceptionHandler((failure, _) -> {
            System.err.println("garrick: " + failure.getMessage());
            System.err.println(
                    "Try 'garrick "
                            + (failure.getCommandLine().getParent() == null
                                    ? ""
                                    : failure.getCommandLine().getCommandName() + " ")
                            + "--help'.");
            return CommandLine.ExitCode.USAGE;
        });
        if (arguments.length == 0) {
            line.usage(System.out);
            return CommandLine.ExitCode.USAGE;
        }
        return line.execute(arguments);
    }
}
