package io.garrick.flashkv.txn;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Internal;
import com.google.protobuf.Message;
import io.garrick.proto.error.Error;
import java.util.function.Function;

/** Turns a region error into the response that carries it. */
final class Refusals {
    private Refusals() {}

    /** Every response has its region error in a field of the same name. */
    static <Q, T extends Message> T guarded(Class<T> type, Q request, Function<Q, T> call) {
        try {
            return call.apply(request);
        } catch (Regions.Refusal refusal) {
            return refused(type, refusal.error());
        }
    }

    private static <T extends Message> T refused(Class<T> type, Error error) {
        Message.Builder builder = Internal.getDefaultInstance(type).newBuilderForType();
        FieldDescriptor field = builder.getDescriptorForType().findFieldByName("region_error");
        return type.cast(builder.setField(field, error).build());
    }
}
