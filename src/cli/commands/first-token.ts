/** Writes the first token of a data directory to a file, because the output of a service is copied to many places. */
import type { CredentialStore } from "../../ports/catalog/credentials.ts";
import { chmod, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeToken } from "../../access/tokens.ts";
import { systemIds } from "../../system/ids.ts";
import { systemClock } from "../../system/clock.ts";

/** Makes an admin's token in a file where there is none yet, and says where it is. */
export async function provideFirstToken(catalog: CredentialStore, data: string): Promise<void> {
  if ((await catalog.tokens()).length > 0) return;
  const { token, record } = makeToken({ clock: systemClock, ids: systemIds }, { label: "first", role: "admin" });
  const file = join(data, "first-token");
  // The file comes first: if the server ends in between, the next start makes another one.
  await writeFile(`${file}.new`, `${token}\n`, { mode: 0o600, flush: true });
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
  await catalog.putToken(record);
  process.stdout.write(`First token: ${file}\n`);
}
