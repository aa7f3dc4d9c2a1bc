/** Stock wrangler with `--local`: its API for a server on the same machine. */
import { openWrangler } from "../support/clients.ts";
import { clientsServer, wranglerCommands } from "../support/wrangler-commands.ts";

const server = clientsServer();

wranglerCommands(server, () => openWrangler({}, "--local", "--port", new URL(server().url).port));
