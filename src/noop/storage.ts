/** The storage of a server whose executor has none. */
import { Failure } from "../model/failures/failure.ts";
import type { Storage } from "../ports/storage.ts";

/** Refuses every request. */
export const noStorage: Storage = {
  fetch: () => Promise.reject(new Failure("storage.unavailable")),
  forget: () => Promise.reject(new Failure("storage.unavailable")),
};
