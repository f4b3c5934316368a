package io.garrick.query.flight;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.garrick.query.QueryEngine;
import io.garrick.query.QueryEngine.Description;
import io.garrick.query.QueryException;
import io.garrick.query.QuerySession;
import io.garrick.query.ResultStream;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.BackpressureStrategy;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.CancelFlightInfoRequest;
import org.apache.arrow.flight.CancelStatus;
import org.apache.arrow.flight.CloseSessionRequest;
import org.apache.arrow.flight.CloseSessionResult;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightServerMiddleware;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.GetSessionOptionsRequest;
import org.apache.arrow.flight.GetSessionOptionsResult;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.NoOpSessionOptionValueVisitor;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.SchemaResult;
import org.apache.arrow.flight.ServerHeaderMiddleware;
import org.apache.arrow.flight.ServerSessionMiddleware;
import org.apache.arrow.flight.SessionOptionValue;
import org.apache.arrow.flight.SessionOptionValueFactory;
import org.apache.arrow.flight.SetSessionOptionsRequest;
import org.apache.arrow.flight.SetSessionOptionsResult;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.sql.BasicFlightSqlProducer;
import org.apache.arrow.flight.sql.impl.FlightSql.ActionClosePreparedStatementRequest;
import org.apache.arrow.flight.sql.impl.FlightSql.ActionCreatePreparedStatementRequest;
import org.apache.arrow.flight.sql.impl.FlightSql.ActionCreatePreparedStatementResult;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetCrossReference;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetDbSchemas;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetExportedKeys;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetImportedKeys;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetPrimaryKeys;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetSqlInfo;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetTables;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandGetXdbcTypeInfo;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandPreparedStatementQuery;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandPreparedStatementUpdate;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandStatementQuery;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandStatementUpdate;
import org.apache.arrow.flight.sql.impl.FlightSql.DoPutUpdateResult;
import org.apache.arrow.flight.sql.impl.FlightSql.TicketStatementQuery;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** Answers Flight SQL's calls. Each call runs on a thread of its own. */
public final class FlightSqlFrontend extends BasicFlightSqlProducer {
    public static final FlightServerMiddleware.Key<ServerSessionMiddleware> SESSION =
            FlightServerMiddleware.Key.of("garrick-session");
    public static final FlightServerMiddleware.Key<ServerHeaderMiddleware> HEADERS =
            FlightServerMiddleware.Key.of("garrick-headers");

    private static final String SNAPSHOT_TS = "snapshot_ts";
    private static final String DATABASE = "schema";
    private static final String CATALOG = "catalog";
    private static final int MAX_PREPARED = 10_000;
    private static final int MAX_WRITTEN = 100_000;

    private final QueryEngine engine;
    private final BufferAllocator allocator;
    private final List<Location> advertised;
    private final SealedStatement.Sealer sealer = new SealedStatement.Sealer();
    private final Map<ByteString, ResultStream> running = new ConcurrentHashMap<>();

    /** Tickets of statements that wrote: a ticket may be fetched twice, a write runs once. */
    private final Set<Long> written =
            Collections.synchronizedSet(Collections.newSetFromMap(new BoundedMap<>(MAX_WRITTEN)));

    private final Map<ByteString, Prepared> prepared =
            Collections.synchronizedMap(new BoundedMap<>(MAX_PREPARED));

    /** Forgets what was used longest ago. */
    private static final class BoundedMap<K, V> extends LinkedHashMap<K, V> {
        private static final long serialVersionUID = 1L;

        private final int limit;

        BoundedMap(int limit) {
            super(16, 0.75f, true);
            this.limit = limit;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > limit;
        }
    }

    private record Prepared(String sql, int parameterCount, List<String> parameters) {}

    /**
     * @param advertised where clients may fetch results; empty: on the connection they have
     */
    public FlightSqlFrontend(
            QueryEngine engine, BufferAllocator allocator, List<Location> advertised) {
        this.engine = engine;
        this.allocator = allocator;
        this.advertised = List.copyOf(advertised);
    }

    // ---- statements

    @Override
    public FlightInfo getFlightInfo(CallContext context, FlightDescriptor descriptor) {
        if (!descriptor.isCommand()) {
            throw Statuses.invalid("only commands of Flight SQL are understood");
        }
        requireCommand(descriptor.getCommand(), "command");
        try {
            return super.getFlightInfo(context, descriptor);
        } catch (RuntimeException failure) {
            throw Statuses.of(failure);
        }
    }

    @Override
    public FlightInfo getFlightInfoStatement(
            CommandStatementQuery command, CallContext context, FlightDescriptor descriptor) {
        return info(command.getQuery(), List.of(), session(context), descriptor);
    }

    @Override
    public FlightInfo getFlightInfoPreparedStatement(
            CommandPreparedStatementQuery command,
            CallContext context,
            FlightDescriptor descriptor) {
        Prepared statement = prepared(command.getPreparedStatementHandle());
        requireParameters(statement);
        return info(statement.sql(), statement.parameters(), session(context), descriptor);
    }

    private FlightInfo info(
            String sql, List<String> parameters, QuerySession session, FlightDescriptor where) {
        Description answer = engine.describe(sql, session, parameters);
        ByteString handle =
                sealer.seal(
                        new SealedStatement(
                                sealer.nonce(),
                                sql,
                                session.database(),
                                answer.snapshotTs(),
                                parameters));
        Message ticket = TicketStatementQuery.newBuilder().setStatementHandle(handle).build();
        String metadata =
                "{\"snapshot_ts\":\""
                        + answer.snapshotTs()
                        + "\",\"writes\":"
                        + QueryEngine.isWrite(sql)
                        + "}";
        return new FlightInfo(
                answer.schema(),
                where,
                List.of(endpoint(ticket)),
                -1,
                -1,
                false,
                IpcOption.DEFAULT,
                metadata.getBytes(UTF_8));
    }

    private FlightEndpoint endpoint(Message ticket) {
        return new FlightEndpoint(
                new Ticket(Any.pack(ticket).toByteArray()), advertised.toArray(Location[]::new));
    }

    @Override
    public SchemaResult getSchemaStatement(
            CommandStatementQuery command, CallContext context, FlightDescriptor descriptor) {
        try {
            return new SchemaResult(engine.describe(command.getQuery(), session(context)).schema());
        } catch (RuntimeException failure) {
            throw Statuses.of(failure);
        }
    }

    @Override
    public void getStream(CallContext context, Ticket ticket, ServerStreamListener listener) {
        try {
            requireCommand(ticket.getBytes(), "ticket");
            super.getStream(context, ticket, listener);
        } catch (RuntimeException failure) {
            listener.error(Statuses.of(failure));
        }
    }

    @Override
    public void getStreamStatement(
            TicketStatementQuery ticket, CallContext context, ServerStreamListener listener) {
        ByteString handle = ticket.getStatementHandle();
        SealedStatement statement =
                sealer.open(handle)
                        .orElseThrow(() ->
                                CallStatus.NOT_FOUND
                                        .withDescription("unknown ticket")
                                        .toRuntimeException());
        QuerySession session = statement.session();
        if (QueryEngine.isWrite(statement.sql())) {
            if (!written.add(statement.nonce())) {
                throw Statuses.invalid(
                        "this statement has run already; send it again to repeat it");
            }
            session = new QuerySession(session.database(), Optional.empty());
        }
        stream(handle, statement.sql(), statement.parameters(), session, listener);
    }

    @Override
    public void getStreamPreparedStatement(
            CommandPreparedStatementQuery command,
            CallContext context,
            ServerStreamListener listener) {
        ByteString handle = command.getPreparedStatementHandle();
        Prepared statement = prepared(handle);
        requireParameters(statement);
        stream(handle, statement.sql(), statement.parameters(), session(context), listener);
    }

    private void stream(
            ByteString handle,
            String sql,
            List<String> parameters,
            QuerySession session,
            ServerStreamListener listener) {
        try (ResultStream result = engine.execute(sql, session, parameters)) {
            running.put(handle, result);
            BackpressureStrategy backpressure = new CancellingBackpressure(result);
            backpressure.register(listener);
            listener.start(result.batch());
            while (result.next()) {
                if (backpressure.waitForListener(0) != BackpressureStrategy.WaitResult.READY) {
                    result.cancel();
                    listener.error(
                            CallStatus.CANCELLED
                                    .withDescription("the client left")
                                    .toRuntimeException());
                    return;
                }
                listener.putNext();
            }
            listener.completed();
        } catch (RuntimeException failure) {
            listener.error(Statuses.of(failure));
        } finally {
            running.remove(handle);
        }
    }

    /** A client that hangs up cancels its query. */
    private static final class CancellingBackpressure
            extends BackpressureStrategy.CallbackBackpressureStrategy {
        private final ResultStream result;

        CancellingBackpressure(ResultStream result) {
            this.result = result;
        }

        @Override
        protected void cancelCallback() {
            result.cancel();
        }
    }

    // ---- prepared statements

    @Override
    public void createPreparedStatement(
            ActionCreatePreparedStatementRequest request,
            CallContext context,
            StreamListener<Result> listener) {
        answer(
                listener,
                () -> {
                    Description answer = engine.describe(request.getQuery(), session(context));
                    ByteString handle = ByteString.copyFromUtf8(Long.toHexString(sealer.nonce()));
                    prepared.put(
                            handle,
                            new Prepared(
                                    request.getQuery(),
                                    answer.parameters().getFields().size(),
                                    List.of()));
                    ActionCreatePreparedStatementResult result =
                            ActionCreatePreparedStatementResult.newBuilder()
                                    .setPreparedStatementHandle(handle)
                                    .setDatasetSchema(bytes(answer.schema(), answer.isQuery()))
                                    .setParameterSchema(
                                            bytes(
                                                    answer.parameters(),
                                                    !answer.parameters().getFields().isEmpty()))
                                    .build();
                    listener.onNext(new Result(Any.pack(result).toByteArray()));
                });
    }

    @Override
    public void closePreparedStatement(
            ActionClosePreparedStatementRequest request,
            CallContext context,
            StreamListener<Result> listener) {
        prepared.remove(request.getPreparedStatementHandle());
        listener.onCompleted();
    }

    @Override
    public Runnable acceptPutPreparedStatementQuery(
            CommandPreparedStatementQuery command,
            CallContext context,
            FlightStream input,
            StreamListener<PutResult> acknowledge) {
        return () -> answer(acknowledge, () -> bind(command.getPreparedStatementHandle(), input));
    }

    private void bind(ByteString handle, FlightStream input) {
        Prepared statement = prepared(handle);
        List<String> parameters = List.of();
        int rows = 0;
        while (input.next()) {
            VectorSchemaRoot root = input.getRoot();
            if (root.getRowCount() > 0) {
                parameters = Literals.of(root, root.getRowCount() - 1);
                rows += root.getRowCount();
            }
        }
        if (rows > 1) {
            throw Statuses.invalid("a query takes one row of parameters, not " + rows);
        }
        prepared.put(handle, new Prepared(statement.sql(), statement.parameterCount(), parameters));
    }

    private Prepared prepared(ByteString handle) {
        Prepared found = prepared.get(handle);
        if (found == null) {
            throw CallStatus.NOT_FOUND
                    .withDescription("unknown prepared statement")
                    .toRuntimeException();
        }
        return found;
    }

    private static void requireParameters(Prepared statement) {
        if (statement.parameterCount() > statement.parameters().size()) {
            throw Statuses.invalid(
                    "the statement has "
                            + statement.parameterCount()
                            + " parameters, "
                            + statement.parameters().size()
                            + " are bound");
        }
    }

    // ---- statements without rows

    @Override
    public Runnable acceptPutStatement(
            CommandStatementUpdate command,
            CallContext context,
            FlightStream input,
            StreamListener<PutResult> acknowledge) {
        return () -> answer(acknowledge, () -> update(command.getQuery(), context, acknowledge));
    }

    @Override
    public Runnable acceptPutPreparedStatementUpdate(
            CommandPreparedStatementUpdate command,
            CallContext context,
            FlightStream input,
            StreamListener<PutResult> acknowledge) {
        return () ->
                answer(
                        acknowledge,
                        () ->
                                updatePrepared(
                                        prepared(command.getPreparedStatementHandle()),
                                        context,
                                        input,
                                        acknowledge));
    }

    private void update(String sql, CallContext context, StreamListener<PutResult> acknowledge) {
        long count = engine.update(sql, session(context), List.of());
        chooseDatabase(sql, context);
        acknowledge(count, acknowledge);
    }

    /** Once for each row of parameters; each time is a transaction of its own. */
    private void updatePrepared(
            Prepared statement,
            CallContext context,
            FlightStream input,
            StreamListener<PutResult> acknowledge) {
        if (statement.parameterCount() == 0) {
            update(statement.sql(), context, acknowledge);
            return;
        }
        QuerySession session = session(context);
        long count = 0;
        while (input.next()) {
            VectorSchemaRoot root = input.getRoot();
            for (int row = 0; row < root.getRowCount(); row++) {
                List<String> parameters = Literals.of(root, row);
                requireParameters(
                        new Prepared(statement.sql(), statement.parameterCount(), parameters));
                count += engine.update(statement.sql(), session, parameters);
            }
        }
        acknowledge(count, acknowledge);
    }

    private void chooseDatabase(String sql, CallContext context) {
        QueryEngine.databaseChosenBy(sql)
                .ifPresent(database ->
                        context.getMiddleware(SESSION)
                                .getSession()
                                .setSessionOption(
                                        DATABASE,
                                        SessionOptionValueFactory.makeSessionOptionValue(
                                                database)));
    }

    private void acknowledge(long count, StreamListener<PutResult> acknowledge) {
        byte[] result = DoPutUpdateResult.newBuilder().setRecordCount(count).build().toByteArray();
        try (ArrowBuf buffer = allocator.buffer(result.length)) {
            buffer.writeBytes(result);
            acknowledge.onNext(PutResult.metadata(buffer));
        }
    }

    // ---- sessions and cancellation

    private QuerySession session(CallContext context) {
        Map<String, String> options = new HashMap<>();
        ServerSessionMiddleware middleware = context.getMiddleware(SESSION);
        if (middleware.hasSession()) {
            middleware
                    .getSession()
                    .getSessionOptions()
                    .forEach((name, value) -> options.put(name, text(value)));
        }
        CallHeaders headers = context.getMiddleware(HEADERS).headers();
        for (String name : List.of(SNAPSHOT_TS, DATABASE, "database")) {
            if (headers.containsKey(name)) {
                options.put(name, String.valueOf(headers.get(name)));
            }
        }
        Optional<String> catalog =
                Optional.ofNullable(options.get(CATALOG))
                        .filter(name -> !name.equalsIgnoreCase(CatalogRows.CATALOG));
        return new QuerySession(
                Optional.ofNullable(options.get(DATABASE))
                        .or(() -> Optional.ofNullable(options.get("database")))
                        .or(() -> catalog)
                        .filter(name -> !name.isEmpty()),
                Optional.ofNullable(options.get(SNAPSHOT_TS)).filter(text -> !text.isEmpty()));
    }

    private static String text(SessionOptionValue value) {
        String text =
                value.acceptVisitor(
                        new NoOpSessionOptionValueVisitor<@Nullable String>() {
                            @Override
                            public String visit(String string) {
                                return string;
                            }

                            @Override
                            public String visit(long number) {
                                return String.valueOf(number);
                            }
                        });
        return text == null ? "" : text;
    }

    @Override
    public void setSessionOptions(
            SetSessionOptionsRequest request,
            CallContext context,
            StreamListener<SetSessionOptionsResult> listener) {
        answer(
                listener,
                () -> {
                    ServerSessionMiddleware.Session session =
                            context.getMiddleware(SESSION).getSession();
                    Map<String, SetSessionOptionsResult.Error> errors = new HashMap<>();
                    request.getSessionOptions()
                            .forEach((name, value) -> {
                                if (!List.of(CATALOG, DATABASE, SNAPSHOT_TS).contains(name)) {
                                    errors.put(
                                            name,
                                            new SetSessionOptionsResult.Error(
                                                    SetSessionOptionsResult.ErrorValue
                                                            .INVALID_NAME));
                                } else if (value.isEmpty()) {
                                    session.eraseSessionOption(name);
                                } else {
                                    session.setSessionOption(name, value);
                                }
                            });
                    listener.onNext(new SetSessionOptionsResult(errors));
                });
    }

    @Override
    public void getSessionOptions(
            GetSessionOptionsRequest request,
            CallContext context,
            StreamListener<GetSessionOptionsResult> listener) {
        ServerSessionMiddleware middleware = context.getMiddleware(SESSION);
        answer(
                listener,
                () ->
                        listener.onNext(
                                new GetSessionOptionsResult(
                                        middleware.hasSession()
                                                ? middleware.getSession().getSessionOptions()
                                                : Map.of())));
    }

    @Override
    public void closeSession(
            CloseSessionRequest request,
            CallContext context,
            StreamListener<CloseSessionResult> listener) {
        ServerSessionMiddleware middleware = context.getMiddleware(SESSION);
        if (middleware.hasSession()) {
            middleware.closeSession();
        }
        listener.onNext(new CloseSessionResult(CloseSessionResult.Status.CLOSED));
        listener.onCompleted();
    }

    @Override
    public void cancelFlightInfo(
            CancelFlightInfoRequest request,
            CallContext context,
            StreamListener<CancelStatus> listener) {
        listener.onNext(
                cancel(request.getInfo()) ? CancelStatus.CANCELLED : CancelStatus.NOT_CANCELLABLE);
        listener.onCompleted();
    }

    private boolean cancel(FlightInfo info) {
        boolean found = false;
        for (FlightEndpoint endpoint : info.getEndpoints()) {
            try {
                Any command = Any.parseFrom(endpoint.getTicket().getBytes());
                if (!command.is(TicketStatementQuery.class)) {
                    continue;
                }
                ResultStream result =
                        running.get(
                                command.unpack(TicketStatementQuery.class).getStatementHandle());
                if (result != null) {
                    result.cancel();
                    found = true;
                }
            } catch (InvalidProtocolBufferException _) {
                throw Statuses.invalid("the ticket is not one of Flight SQL");
            }
        }
        return found;
    }

    @Override
    public void doAction(CallContext context, Action action, StreamListener<Result> listener) {
        try {
            super.doAction(context, action, listener);
        } catch (RuntimeException failure) {
            listener.onError(Statuses.of(failure));
        }
    }

    // ---- catalog

    @Override
    protected <T extends Message> List<FlightEndpoint> determineEndpoints(
            T request, FlightDescriptor descriptor, Schema schema) {
        return List.of(endpoint(request));
    }

    @Override
    public void getStreamCatalogs(CallContext context, ServerStreamListener listener) {
        rows(
                Schemas.GET_CATALOGS_SCHEMA,
                List.<@Nullable Object[]>of(new @Nullable Object[] {CatalogRows.CATALOG}),
                listener);
    }

    @Override
    public void getStreamSchemas(
            CommandGetDbSchemas command, CallContext context, ServerStreamListener listener) {
        rows(
                Schemas.GET_SCHEMAS_SCHEMA,
                CatalogRows.databases(engine.catalog(session(context)), command),
                listener);
    }

    @Override
    public void getStreamTables(
            CommandGetTables command, CallContext context, ServerStreamListener listener) {
        rows(
                command.getIncludeSchema()
                        ? Schemas.GET_TABLES_SCHEMA
                        : Schemas.GET_TABLES_SCHEMA_NO_SCHEMA,
                CatalogRows.tables(engine.catalog(session(context)), command),
                listener);
    }

    @Override
    public void getStreamTableTypes(CallContext context, ServerStreamListener listener) {
        rows(
                Schemas.GET_TABLE_TYPES_SCHEMA,
                List.<@Nullable Object[]>of(new @Nullable Object[] {CatalogRows.TABLE_TYPE}),
                listener);
    }

    @Override
    public void getStreamPrimaryKeys(
            CommandGetPrimaryKeys command, CallContext context, ServerStreamListener listener) {
        rows(
                Schemas.GET_PRIMARY_KEYS_SCHEMA,
                CatalogRows.primaryKeys(engine.catalog(session(context)), command),
                listener);
    }

    @Override
    public void getStreamExportedKeys(
            CommandGetExportedKeys command, CallContext context, ServerStreamListener listener) {
        rows(Schemas.GET_EXPORTED_KEYS_SCHEMA, List.of(), listener);
    }

    @Override
    public void getStreamImportedKeys(
            CommandGetImportedKeys command, CallContext context, ServerStreamListener listener) {
        rows(Schemas.GET_IMPORTED_KEYS_SCHEMA, List.of(), listener);
    }

    @Override
    public void getStreamCrossReference(
            CommandGetCrossReference command, CallContext context, ServerStreamListener listener) {
        rows(Schemas.GET_CROSS_REFERENCE_SCHEMA, List.of(), listener);
    }

    @Override
    public void getStreamTypeInfo(
            CommandGetXdbcTypeInfo command, CallContext context, ServerStreamListener listener) {
        rows(Schemas.GET_TYPE_INFO_SCHEMA, List.of(), listener);
    }

    @Override
    public void getStreamSqlInfo(
            CommandGetSqlInfo command, CallContext context, ServerStreamListener listener) {
        ServerFacts.build().send(command.getInfoList(), listener);
    }

    private void rows(Schema schema, List<@Nullable Object[]> rows, ServerStreamListener listener) {
        try (VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator)) {
            listener.start(root);
            CatalogRows.fill(root, rows);
            listener.putNext();
            listener.completed();
        }
    }

    // ---- shared

    private static void requireCommand(byte[] bytes, String what) {
        try {
            if (Any.parseFrom(bytes)
                    .getTypeUrl()
                    .startsWith("type.googleapis.com/arrow.flight.protocol.sql.")) {
                return;
            }
        } catch (InvalidProtocolBufferException _) {
            // Answered below.
        }
        throw Statuses.invalid("the " + what + " is not one of Flight SQL");
    }

    private static ByteString bytes(Schema schema, boolean present) {
        return present ? ByteString.copyFrom(CatalogRows.bytes(schema)) : ByteString.EMPTY;
    }

    private static <T> void answer(StreamListener<T> listener, Runnable work) {
        try {
            work.run();
        } catch (QueryException failure) {
            listener.onError(Statuses.of(failure));
            return;
        } catch (RuntimeException failure) {
            listener.onError(Statuses.of(failure));
            return;
        }
        listener.onCompleted();
    }
}
