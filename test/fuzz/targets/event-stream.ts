/**
 * Events of instances, read by many at once, over connections that are cut anywhere and gone on with. Each reader gets every event once,
 * in order, whatever was cut; what cannot be asked is refused; and nothing is kept for readers that are gone.
 */
import { queryObjects } from "node:v8";
import { Feeds } from "../../../src/engine/journal/feed.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { eventInput, type EventInput, type Reader } from "../inputs/readers.ts";
import { descriptorsReturn, openDescriptors } from "../site/descriptors.ts";
import { readSocket, readStream, type ReadEvent } from "../site/events.ts";
import { openSite, type Site } from "../site/site.ts";
import { fuzzed, type Figures, type Fuzzed, type Target } from "../target.ts";

const WORKFLOW = "/client/v4/accounts/local/workflows/Talker";

/** Times that one reader connects at the most: once more than it is cut. */
const CONNECTIONS = 10;

export const eventStream: Target = {
  name: "event-stream",
  weight: 2,
  ciRuns: 25,
  open: async (figures) => eventStreamOn(await openSite("node"), figures),
};

/** The property, of a site. */
export async function eventStreamOn(site: Site, figures: Figures): Promise<Fuzzed> {
  const headers = { authorization: `Bearer ${site.token("operator")}`, "content-type": "application/json" };
  await site.lives();
  const before = openDescriptors();
  const readersBefore = readersInMemory();
  const put = async (input: EventInput): Promise<void> => {
    const body = JSON.stringify({ params: { steps: input.steps } });
    const made = await site.client.send({ method: "POST", path: `${WORKFLOW}/instances`, headers, body });
    if (made.status !== 200) throw new Error(`No instance is made: ${made.status} ${made.text}`);
    const { id } = (JSON.parse(made.text) as { result: { id: string } }).result;
    const path = `${WORKFLOW}/instances/${id}/subscribe`;
    const reading = input.readers.map((reader) => readAll(site, path, headers, reader, figures));
    const [seen] = await Promise.all([Promise.all(reading), odd(site, id, headers, input, figures)]);
    const { events: all } = await readStream({ port: site.port, path, headers, cut: undefined, isSlow: false });
    figures(
      "events",
      seen.reduce((sum, each) => sum + each.length, 0),
    );
    if (!all.at(-1)?.data.includes("workflow_completed")) throw new Error(`The last event is ${all.at(-1)?.data}`);
    seen.forEach((events, i) => compare(events, all, input.readers[i]));
    const [logged] = site.errors();
    if (logged !== undefined) throw new Error(`The server logs an error: ${logged}`);
  };
  const check = async (): Promise<void> => {
    await descriptorsReturn(before);
    const left = readersInMemory() - readersBefore;
    if (left > 0) throw new Error(`The server keeps ${left} readers that are gone`);
    await site.lives();
  };
  return fuzzed(eventInput, put, { check, close: () => site.close() });
}

/** What a reader has got over all of its connections. */
async function readAll(
  site: Site,
  path: string,
  headers: Readonly<Record<string, string>>,
  { over, resumes, filter, cuts, isSlow }: Reader,
  figures: Figures,
): Promise<readonly ReadEvent[]> {
  const seen: ReadEvent[] = [];
  for (let connection = 0; connection < CONNECTIONS; connection += 1) {
    const last = seen.at(-1)?.id;
    const query = filter.map((type) => `filter=${type}`);
    if (last !== undefined && resumes === "query") query.push(`cursor=${last}`);
    const cut = cuts[connection];
    const read = await (over === "stream" ? readStream : readSocket)({
      port: site.port,
      path: `${path}?${query.join("&")}`,
      headers: { ...headers, ...(last !== undefined && resumes === "header" && { "last-event-id": String(last) }) },
      cut: over === "socket" && cut !== undefined ? cut % 20 : cut,
      isSlow,
    });
    figures("connections");
    seen.push(...read.events);
    if (read.status !== 200 && read.status !== 204) throw new Error(`A reader gets ${read.status} ${read.text}`);
    if (read.isOver) return seen;
  }
  throw new Error("The stream has no end");
}

function compare(seen: readonly ReadEvent[], all: readonly ReadEvent[], reader: Reader | undefined): void {
  const wanted = reader === undefined || reader.filter.length === 0 ? undefined : new Set(reader.filter);
  const expected = all.filter(({ data }) => wanted?.has((JSON.parse(data) as { type: string }).type) ?? true);
  const ids = seen.map(({ id }) => id ?? Number.NaN);
  if (ids.some((id, i) => !(id > (ids[i - 1] ?? -1)))) throw new Error(`Ids do not go up: ${ids.join(" ")}`);
  const text = (events: readonly ReadEvent[]): string => events.map(({ data }) => data).join("\n");
  if (text(seen) !== text(expected)) throw new Error(`Read\n${text(seen)}\nin place of\n${text(expected)}`);
}

/** A request that may make no sense: it is refused, or gets events. */
async function odd(
  site: Site,
  id: string,
  headers: Readonly<Record<string, string>>,
  { odd: { query, lastEventId, of } }: EventInput,
  figures: Figures,
): Promise<void> {
  const path = of === "workflow" ? `${WORKFLOW}/subscribe` : `${WORKFLOW}/instances/${of === "instance" ? id : of}/subscribe`;
  const { status, text } = await readStream({
    port: site.port,
    path: `${path}?${encodeURI(query.toWellFormed()).replaceAll("#", "%23")}`,
    headers: { ...headers, ...(lastEventId !== undefined && { "last-event-id": lastEventId }) },
    // Those of a workflow have no end.
    cut: of === "workflow" ? 0 : undefined,
    isSlow: false,
  });
  figures(status < 400 ? "odd requests accepted" : "odd requests refused");
  if (status >= 500) throw new Error(`The server is at fault: ${status} ${text}`);
}

/** Readers of feeds that are in memory, used or not yet collected; this collects. */
function readersInMemory(): number {
  const { constructor } = new Feeds<string, string>(systemClock).open("", AbortSignal.abort());
  return Number(queryObjects(constructor));
}
