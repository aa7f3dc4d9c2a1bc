/**
 * Upgrades lose no instance: data directories that earlier versions have written are opened by today's server, which migrates
 * them, shows every instance as it was shown then, and goes on with each. A second start, months later, finds the same.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultsIn, histories, newTables, openHistory, tablesIn, type History, type Upgraded } from "./upgrade.ts";
import { shownIn, USER_PASSWORD, WORKFLOW, type Ending, type ShownInstance, type ToldInstance } from "./story.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The recorded sleeps take 200 days. */
const MONTHS_MS = 201 * DAY_MS;

/** Resolves with an instance that has a status; a test's time limit bounds it. */
async function reaches(server: Upgraded, id: string, status: string): Promise<ShownInstance> {
  for (;;) {
    const shown = shownIn(await server.instances("GET", `/${id}`));
    if (shown.status === status) return shown;
    if (["complete", "errored", "terminated"].includes(shown.status)) throw new Error(`${id} is ${JSON.stringify(shown)}`);
  }
}

/** Statuses and outputs that are in order when all has happened. */
async function endings(server: Upgraded, ended: readonly (readonly [string, Ending | undefined])[]): Promise<void> {
  for (const [id, ending] of ended) {
    if (ending === undefined) continue;
    const { output } = await reaches(server, id, ending.status);
    expect([id, typeof output === "string" ? JSON.parse(output) : output]).toEqual([id, ending.output]);
  }
}

/** Ids of all instances, by all pages of the list. */
async function listed(server: Upgraded): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await server.instances(
      "GET",
      `?per_page=5${cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    ids.push(...(page.result as { id: string }[]).map(({ id }) => id));
    cursor = page.result_info?.cursor;
  } while (cursor !== undefined && cursor !== "");
  return ids.toSorted();
}

/** The histories that `npm test` opens. */
export const FEW: readonly string[] = [0, 4, -1].flatMap((at) => histories().at(at) ?? []);

/** The checks of histories, by name. */
export function checkHistories(names: readonly string[]): void {
  let tablesOfNew: Awaited<ReturnType<typeof newTables>>;

  beforeAll(async () => {
    tablesOfNew = await newTables();
  });

  describe.each(names)("%s", (name) => {
    let history: History;
    let server: Upgraded;
    let instances: [string, ToldInstance][];

    beforeAll(async () => {
      history = openHistory(name);
      instances = Object.entries(history.story.instances);
      server = await history.serve(HOUR_MS, "node");
    });
    afterAll(async () => {
      await server.stop();
      history.remove();
    });

    test("every instance is shown as it was", async () => {
      for (const [id, { shown, goesOn }] of instances)
        if (goesOn === undefined) expect([id, shownIn(await server.instances("GET", `/${id}`))]).toEqual([id, shown]);
    });

    test("what was interrupted in the middle of a step goes on by itself, and keeps what it had done", async () => {
      const interrupted = instances.filter(([, { goesOn }]) => goesOn !== undefined);
      expect(interrupted.map(([id]) => id)).toContain("interrupted");
      await endings(
        server,
        interrupted.map(([id, { goesOn }]) => [id, goesOn]),
      );
      for (const [id, { shown }] of interrupted)
        expect(shownIn(await server.instances("GET", `/${id}`)).steps[0]).toEqual(shown.steps[0]);
    });

    test("large outputs and streams are whole, and sensitive ones are not shown", async () => {
      expect(await server.output("large", "large-1")).toContain("0123456789abcdef".repeat(40_000));
      expect(await server.output("streamed", "stream-1")).toBe("chunk ".repeat(60_000));
      expect(await server.output("sensitive", "secret-1")).not.toContain("never-shown");
    });

    test("instances are listed once each, and counts agree with the list", async () => {
      const ids = await listed(server);
      expect(ids).toEqual(instances.map(([id]) => id).toSorted());
      const counted: Record<string, number> = {};
      for (const id of ids) {
        const { status } = shownIn(await server.instances("GET", `/${id}`));
        counted[status] = (counted[status] ?? 0) + 1;
      }
      const { result } = await server.call("GET", `/workflows/${WORKFLOW}`);
      const counts = Object.entries((result as { instances: Record<string, number> }).instances);
      expect(Object.fromEntries(counts.filter(([, count]) => count > 0))).toEqual(counted);
    });

    test("waiting instances take their events, kept ones included, and complete; paused ones are resumed, ended ones restarted", async () => {
      for (const [id, { next }] of instances) {
        if (next === undefined) continue;
        if (next.change !== undefined) expect((await server.instances("PATCH", `/${id}/status`, next.change)).success).toBe(true);
        for (const { type, payload } of next.events ?? [])
          expect((await server.instances("POST", `/${id}/events/${type}`, payload)).success).toBe(true);
      }
      await endings(
        server,
        instances.map(([id, { next }]) => [id, next?.ending]),
      );
    });

    test("a sleeping instance still sleeps", async () => {
      expect((await reaches(server, "sleeping", "waiting")).end).toBeNull();
    });

    test("new instances run on the recorded version of the code", async () => {
      // A story without sleeps: worker threads do not live in the time of the recording, and say when a sleep ends.
      await server.instances("POST", "", { instance_id: "new", params: { story: "restarted" } });
      expect(await reaches(server, "new", "complete")).toMatchObject({
        output: expect.stringContaining("first life") as unknown,
        versionId: history.story.instances["completed"]?.shown.versionId,
      });
      expect((await server.instances("DELETE", "/new")).success).toBe(true);
    });

    test("tokens, users, schedules and cron triggers are kept", async () => {
      const { story } = history;
      expect((await server.catalog.timetable()).map(({ cron }) => cron).toSorted()).toEqual(story.crons);
      expect((await server.catalog.tokens()).map(({ role }) => role)).toEqual(["admin"]);
      expect((await fetch(`${server.url}/client/v4/accounts/local/workflows`)).status).toBe(401);
      for (const user of story.users) {
        const login = (password: string): Promise<Response> =>
          fetch(`${server.url}/api/v1/session`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ name: user, password }),
          });
        expect((await login(USER_PASSWORD)).status).toBe(200);
        expect((await login("wrong")).status).not.toBe(200);
      }
    });

    test("a second start, months later, finds the same, and the sleeping instance wakes up", async () => {
      const before = new Map<string, ShownInstance>();
      for (const [id] of instances) before.set(id, shownIn(await server.instances("GET", `/${id}`)));
      await server.stop();
      expect(faultsIn(history.data)).toEqual([]);
      server = await history.serve(MONTHS_MS, "node");
      await endings(
        server,
        instances.map(([id, { later }]) => [id, later]),
      );
      for (const [id, { later }] of instances)
        if (later === undefined) expect([id, shownIn(await server.instances("GET", `/${id}`))]).toEqual([id, before.get(id)]);
      const known = (await listed(server)).filter((id) => before.has(id));
      expect(known).toEqual(instances.map(([id]) => id).toSorted());
    });

    test("migrated databases have the tables of new ones", () => {
      // Logs of instances have a database once there are some.
      expect(tablesIn(history.data)).toMatchObject(tablesOfNew);
    });
  });
}
