/** Writes the types of the API client from the description that the server gives of itself. They are not kept in the repository. */
import { writeFile } from "node:fs/promises";
import "./generate-limits.mjs";
import openapiTypescript, { astToString } from "openapi-typescript";
import { ownApi } from "../src/api/own/own.ts";
import { restApi } from "../src/api/cloudflare/rest.ts";

for (const [name, api] of Object.entries({ v4: restApi, own: ownApi })) {
  // Only its routes are looked at: nothing of what they work on is needed.
  const answer = await api({}).request("/openapi.json");
  const text = astToString(await openapiTypescript(await answer.json()));
  await writeFile(new URL(`./src/api/${name}.d.ts`, import.meta.url), text);
}
