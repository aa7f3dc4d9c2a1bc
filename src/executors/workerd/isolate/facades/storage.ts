/** Passes requests of one script on to the storage process, for the one namespace, database or bucket that it is bound to. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { STORAGE_HEADERS } from "../../messages.ts";

interface Env {
  readonly STORAGE: { fetch(request: Request): Promise<Response> };
}

/** Which one. */
interface Props {
  readonly type: "kv" | "d1" | "r2";
  readonly id: string;
}

export class StorageFacade extends WorkerEntrypoint {
  fetch(request: Request): Promise<Response> {
    const { type, id } = this.ctx.props as Props;
    const asked = new Request(request);
    asked.headers.set(STORAGE_HEADERS.type, type);
    asked.headers.set(STORAGE_HEADERS.id, id);
    return (this.env as Env).STORAGE.fetch(asked);
  }
}
