/** Values that clients send, made text; what cannot be stored is refused by the name of the field that it is in. */
import { Failure } from "../../../model/failures/failure.ts";
import { encode, Unserialisable, type Encoded } from "../../../model/values/value.ts";

/** Fails with `body`: values of JSON can only be nested too deep. */
export function encodeField(field: string, value: unknown): Encoded {
  try {
    return encode(value);
  } catch (cause) {
    if (cause instanceof Unserialisable) throw new Failure("body", { field, detail: cause.message, cause });
    throw cause;
  }
}
