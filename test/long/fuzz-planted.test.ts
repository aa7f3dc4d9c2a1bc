/** Each target of HTTP, put to a server with a planted fault: it has to find it. And to one without, where it finds nothing. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { eventStreamOn } from "../fuzz/targets/event-stream.ts";
import { httpOn } from "../fuzz/targets/http.ts";
import { multipartOn } from "../fuzz/targets/multipart.ts";
import { restOn } from "../fuzz/targets/rest.ts";
import type { Site } from "../fuzz/site/site.ts";
import { standIn } from "../fuzz/site/stand-in.ts";
import { runTarget } from "../fuzz/run.ts";
import type { Figures, Fuzzed } from "../fuzz/target.ts";

/** What a target finds in a site, the first of it; empty for nothing. */
async function findsIn(
  site: Site,
  on: (site: Site, figures: Figures) => Promise<Fuzzed> | Fuzzed,
  runs: number,
): Promise<string> {
  const target = { name: "planted", weight: 1, ciRuns: runs, open: (figures: Figures) => on(site, figures) };
  const { failures } = await runTarget(target, { seed: 1, runs, forMs: Infinity });
  return failures.join("\n");
}

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};

const refuse = (response: ServerResponse, status: number, code: number): void =>
  json(response, status, { success: false, errors: [{ code, message: "x" }], messages: [], result: null });

/** The right answer to a request that may not be. */
const forbid = (_: IncomingMessage, response: ServerResponse): void => refuse(response, 403, 11010);

describe("rest", () => {
  const on = (answer: typeof forbid, more: Partial<Site> = {}): Promise<string> =>
    standIn({ request: answer }, more).then((site) => findsIn(site, restOn, 400));
  let commits = 0;
  const counting = { version: () => String((commits += 1)) };

  test("finds nothing in a server that refuses as it should", async () => {
    expect(await on(forbid)).toBe("");
  });

  test.each<[string, string, typeof forbid, Partial<Site>]>([
    ["a fault of the server", "The server is at fault", (_, response) => refuse(response, 500, 10001), {}],
    ["an error that is not in the catalogue", "not one of the catalogue", (_, response) => refuse(response, 403, 4711), {}],
    ["an error that is no JSON", "An error is not JSON", (_, response) => void response.writeHead(404).end("no"), {}],
    [
      "a role that gets too much",
      "must not be allowed this",
      (_, response) => json(response, 200, { success: true, result: null }),
      {},
    ],
    ["a logged error", "The server logs an error", forbid, { errors: () => ["A request failed"] }],
    [
      "a refusal that changes something",
      "has changed tokens",
      forbid,
      { ...counting, definitions: () => ({ tokens: `${(commits += 1)}` }) },
    ],
    ["a refusal that commits something", "Each time that a request is refused", forbid, counting],
    [
      "a server that makes no instances any more",
      "No instance",
      forbid,
      { lives: () => Promise.reject(new Error("No instance is made")) },
    ],
  ])("finds %s", async (_, found, answer, more) => {
    expect(await on(answer, more)).toContain(found);
  });
});

describe("http", () => {
  const OK = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
  const BAD = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n";
  /** Serves the client that is right; the others get `answer` once they have said all. */
  const on = async (answer: (text: string, socket: Socket) => void, more: Partial<Site> = {}): Promise<string> => {
    const connection = (socket: Socket): void => {
      let text = "";
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        if (/^GET \/healthz HTTP\/1.1\r\nHost: 127.0.0.1:\d+\r\nConnection: keep-alive\r\n\r\n$/.test(text)) socket.end(OK);
      });
      socket.on("end", () => answer(text, socket));
    };
    return findsIn(await standIn({ connection }, more), httpOn, 300);
  };

  test("finds nothing in a server that refuses everything", async () => {
    expect(await on((_, socket) => socket.end(BAD))).toBe("");
  });

  test("finds a fault of the server", async () => {
    expect(await on((_, socket) => socket.end("HTTP/1.1 500 x\r\n\r\n"))).toContain("The server is at fault");
  });

  test("finds an answer that is not HTTP", async () => {
    expect(await on((_, socket) => socket.end("HTML"))).toContain("not HTTP");
  });

  test("finds a connection that goes on after what cannot be read", async () => {
    expect(await on((_, socket) => socket.end(BAD + OK))).toContain("is answered on");
  });

  test("finds a part of a body that becomes a request", async () => {
    const paths: string[] = [];
    const found = await on(
      (text, socket) => {
        paths.push(...Array.from(text.matchAll(/GET (\S+) HTTP/g), ([, path = ""]) => path));
        socket.end(BAD);
      },
      { paths: () => paths.splice(0) },
    );
    expect(found).toContain("A part of a body became a request");
  });
});

describe("multipart", () => {
  const on = (accept: (at: number) => boolean, more: Partial<Site> = {}, called = "ok 4711"): Promise<string> => {
    let uploads = 0;
    const ids: { id: string }[] = [];
    const request = (asked: IncomingMessage, response: ServerResponse): void => {
      asked.resume();
      if (asked.url === "/called") return void response.end(called);
      if (asked.method === "GET") return json(response, 200, { success: true, result: { items: ids.slice(-1) } });
      uploads += 1;
      // Those that others build on are taken.
      const isBase = asked.method === "DELETE" || asked.headers["content-type"]?.includes("stepwell-fuzz") === true;
      if (!isBase && !accept(uploads)) return refuse(response, 400, 10002);
      const id = String(uploads);
      ids.push({ id });
      json(response, 200, { success: true, result: { id, deployment_id: id, jwt: "token" } });
    };
    return standIn({ request }, more).then((site) => findsIn(site, multipartOn, 150));
  };
  let commits = 0;

  test("finds nothing in a server that takes every upload, and shows it", async () => {
    expect(await on(() => true)).toBe("");
  });

  test("finds a Worker that was accepted and does not answer", async () => {
    expect(await on(() => true, {}, "an older version")).toContain("A Worker that was accepted answers");
  });

  test("finds a refused upload that has left something", async () => {
    const more = { version: () => String((commits += 1)), definitions: () => ({ script_versions: String((commits += 1)) }) };
    expect(await on(() => false, more)).toContain("A refused upload has changed script_versions");
  });
});

describe("event-stream", () => {
  const EVENTS = ["workflow_started", "step_started", "step_completed", "workflow_completed"].map((type, i) => ({
    type,
    eventId: i + 1,
  }));
  type Event = (typeof EVENTS)[number];

  /** `shown` says what a reader gets after an event. */
  const on = async (shown: (after: number) => readonly Event[], write = written): Promise<string> => {
    const shownTo = ({ url = "", headers }: IncomingMessage): readonly Event[] => {
      const { searchParams } = new URL(url, "http://x");
      const filter = searchParams.getAll("filter");
      const after = Number(searchParams.get("cursor") ?? headers["last-event-id"] ?? 0);
      return shown(after).filter(({ type }) => filter.length === 0 || filter.includes(type));
    };
    const request = (asked: IncomingMessage, response: ServerResponse): void => {
      if (asked.method === "POST") return json(response, 200, { success: true, result: { id: "a" } });
      if (!asked.url?.includes("/instances/a/")) return void response.writeHead(404).end();
      response.writeHead(200, { "content-type": "text/event-stream" }).end(shownTo(asked).map(write).join(""));
    };
    const frames = (asked: IncomingMessage): string[] => shownTo(asked).map((each) => JSON.stringify(each));
    return findsIn(await standIn({ request, frames }), eventStreamOn, 15);
  };
  const after = (id: number): readonly Event[] => EVENTS.filter(({ eventId }) => !(eventId <= id));

  test("finds nothing in a server that goes on where a reader was", async () => {
    expect(await on(after)).toBe("");
  });

  test.each<[string, string, (id: number) => readonly Event[]]>([
    ["a gap after a connection that was cut", "in place of", (id) => after(id > 0 ? id + 1 : 0)],
    ["an event that comes again", "Ids do not go up", (id) => after(id - 1)],
    [
      "events out of order",
      "Ids do not go up",
      (id) => [1, 3, 2, 4].flatMap((each) => after(id).filter(({ eventId }) => eventId === each)),
    ],
  ])("finds %s", async (_, found, shown) => {
    expect(await on(shown)).toContain(found);
  });

  test("finds an event whose text goes over its line", async () => {
    expect(await on(after, (event) => written(event).replace("{", "{\n"))).toContain("Not an event");
  });
});

function written({ type, eventId }: { readonly type: string; readonly eventId: number }): string {
  return `id: ${eventId}\ndata: ${JSON.stringify({ type, eventId })}\n\n`;
}
